"""Hostile bytes wherever a server or a responder can put them, and real chains of the logs."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from tests.core.archives import members

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.errors import Malformed, Unverified
from certhia.scanner import checking, crl, ocsp, strictly
from certhia.scanner.aia import issuers_in
from certhia.scanner.examining import Examiner
from certhia.scanner.nameconstraints import Constraints, constraints_of, violation
from certhia.scanner.records import Served, Target
from certhia.scanner.trust import Roots
from certhia.scanner.verdicts import Judge
from certhia.testing.authority import Authority

ROOT = Authority.root("Hostile root")
LEAF = ROOT.leaf(["a.example"])
TARGET = Target("x", None, "www.example.com", "192.0.2.1", 443)
NOW = 1_700_000_000.0
STRIDE = 12  # all of them take half a minute


@pytest.mark.slow
def test_every_kind_of_hostile_bytes_gives_a_verdict_or_an_error(corpus: Path) -> None:
    """As certificate, issuer, staple, SCT, OCSP answer, list and AIA answer: warnings count as errors here."""
    examiner = Examiner(Judge(Roots([ROOT.der]), verify=True), Clock())
    counts = Counter[str]()
    for number, (name, data) in enumerate(members(corpus / "hostile.tar.zst")):
        if number % STRIDE:
            continue
        folder = name.split("/")[-2]
        kind = next((kind for kind in ("ocsp", "crl") if kind in folder), "certificate")
        counts[kind] += 1
        if kind == "ocsp":
            _answer(data)
        elif kind == "crl":
            _list(data)
        else:
            served = Served(0x0303, 1, None, None, (data, ROOT.der, data), staple=data, scts=(data[:100],))
            found = examiner.look(TARGET, served)
            assert all(one.detail.isprintable() and len(one.detail) < 3000 for one in found.verdicts), name
            assert issuers_in(data) is not None
            counts["read"] += found.chain is not None and _second_word(data)
    assert counts["certificate"] > 1500
    assert counts["read"] > 600
    assert min(counts["ocsp"], counts["crl"]) > 100


def _answer(data: bytes) -> None:
    with suppress(Unverified):
        ocsp.read(data, strictly.certificate(LEAF.der), strictly.certificate(ROOT.der), NOW, "staple")
    ocsp.staple_scts(data)


def _list(data: bytes) -> None:
    with suppress(Unverified):
        found = crl.load(data)
        with suppress(Unverified):
            crl.check(found, strictly.certificate(ROOT.der), NOW)
        crl.look_up(found, strictly.certificate(LEAF.der), "http://crl.example/", is_ca=False)


def _second_word(data: bytes) -> bool:
    with suppress(Malformed):
        leaf = Certificate.from_der(data)
        assert isinstance(checking.refusal([leaf, Certificate.from_der(ROOT.der)], NOW), str)
        limits = constraints_of(leaf)
        if isinstance(limits, Constraints):
            assert isinstance(violation(leaf, [limits]), str)
    return True


def test_what_we_trust_of_the_logs_certificates_cryptography_trusts(corpus: Path) -> None:
    """Certificates with their chains as submitted to logs, a day after they were made."""
    judge = Judge(Roots.shipped(), verify=True)
    trusted = 0
    with (corpus / "ct-entries.jsonl.zst").open("rb") as packed:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed)):
            entry = json.loads(line)
            ders = _submitted(base64.b64decode(entry["leaf_input"]), base64.b64decode(entry["extra_data"] or ""))
            try:
                sent = [Certificate.from_der(der) for der in ders]
            except Malformed:
                continue
            if not sent:
                continue
            now = sent[0].not_before + 86400.0
            found = judge.judge(sent[:16], now)
            if found.chain.trusted:
                trusted += 1
                assert checking.refusal(found.standing.path, now) == "", found.chain.path[0].hex()
    assert trusted > 100


def _submitted(leaf_input: bytes, extra: bytes) -> list[bytes]:
    """The chain of an entry that is a certificate (RFC 6962 sections 3.1 and 4.6), leaf first; [] of another."""
    if leaf_input[10:12] != b"\0\0" or len(extra) < 3:
        return []
    size = int.from_bytes(leaf_input[12:15])
    out, at = [leaf_input[15 : 15 + size]], 3
    while at + 3 <= len(extra):
        size = int.from_bytes(extra[at : at + 3])
        out.append(extra[at + 3 : at + 3 + size])
        at += 3 + size
    return out
