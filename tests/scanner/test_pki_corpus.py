"""Paths that others made to be hard: NIST's PKITS and BoringSSL's, by what they say of them themselves."""

from __future__ import annotations

import calendar
import re
import time
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.scanner.chains import Chains
from certhia.scanner.crl import load
from certhia.scanner.paths import MAX_DEPTH, MAX_STEPS
from certhia.scanner.signatures import Signatures
from certhia.scanner.trust import Roots, certificates_in
from certhia.scanner.verdicts import Judge

FOLDER = "fuzz/boringssl-pki-testdata/"
VERIFY = "verify_certificate_chain_unittest/pki_testdata_verify_certificate_chain_unittest_"
PKITS = "nist-pkits/pki_testdata_nist-pkits_"
BUILDER = "path_builder_unittest/"
# What is not gone into here, or is another's taste; each with the reason.
OTHERWISE = {
    "many-names_ok-all-types.test": "two million comparisons of names: more than are made here",
    "policies-required-by-root-fail_ta-with-constraints.test": "policies",
    "target-and-intermediate_trusted_leaf-root.test": "a root that is trusted as a leaf only",
    "target-eku-many_serverauth.test": "BoringSSL refuses other purposes beside the server's",
    "target-only_trusted_anchor.test": "a server's certificate that is trusted itself",
    "target-serverauth-various-keyusages_ec-decipherOnly.test": "a key usage that fits nothing",
    "unknown-critical-policy-qualifier_main.test": "policies",
}
REVOCATION_AND_POLICIES = {4, 8, 9, 10, 11, 12, 14, 15}  # sections of PKITS


@pytest.fixture(scope="module")
def files(corpus: Path) -> dict[str, bytes]:
    return {
        name.removeprefix(FOLDER): data for name, data in members(corpus / "hostile.tar.zst") if name.startswith(FOLDER)
    }


def cores(ders: list[bytes]) -> list[Certificate]:
    out = []
    for der in ders:
        try:
            out.append(Certificate.from_der(der))
        except Malformed:
            continue
    return out


def verified(files: dict[str, bytes]) -> list[tuple[str, list[bytes], float, bool]]:
    """BoringSSL's cases for servers: name, certificates with the root last, when, and whether they hold."""
    cases = []
    for name, data in files.items():
        if not name.startswith(VERIFY) or not name.endswith(".test"):
            continue
        text, label = data.decode(), name.removeprefix(VERIFY)
        fields = dict(re.findall(r"(?m)^(chain|utc_time|key_purpose): (.*)$", text))
        places = [label[: match.start()] + "_" + fields["chain"] for match in re.finditer("_", label)]
        chain = next((files[VERIFY + place] for place in places[::-1] if VERIFY + place in files), None)
        if chain is None or fields["key_purpose"] != "SERVER_AUTH":
            continue
        when = (2021, 10, 5, 12, 0, 0)
        if fields["utc_time"] != "DEFAULT":
            when = time.strptime(fields["utc_time"], "%y%m%d%H%M%SZ")[:6]
        holds = not text.partition("expected_errors:")[2].strip()
        cases.append((label, certificates_in(chain), float(calendar.timegm(when)), holds))
    return cases


def trusted(certificates: list[bytes], now: float) -> tuple[bool | None, str]:
    """By the chain's own root, which stands last."""
    sent = cores(certificates[:-1] or certificates)
    chain = Chains(Roots(certificates[-1:]), None, Signatures()).find(sent, now).chain
    return chain.trusted, chain.reason


def test_boringssls_chains(files: dict[str, bytes]) -> None:
    cases = verified(files)
    assert len(cases) >= 25
    wrong = {}
    for label, certificates, now, holds in cases:
        found, reason = trusted(certificates, now)
        if found is not holds:
            wrong[label] = reason
    assert set(wrong) == set(OTHERWISE) & {label for label, *_ in cases}, wrong


def test_pkits(files: dict[str, bytes]) -> None:
    table = files[PKITS + "pkits_testcases-inl.h"].decode()
    parts = re.split(r"// 4\.(\d+)\.\d+ (.*)\n", table)[1:]
    known = {
        name.removeprefix(PKITS + "certs_").removesuffix(".crt"): data
        for name, data in files.items()
        if name.startswith(PKITS + "certs_")
    }
    done, wrong = 0, []
    for section, title, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        listed = re.search(r"certs\[\] = \{(.*?)\}", body, re.DOTALL)
        names = re.findall(r'"(\w+)"', listed[1]) if listed is not None else []
        if not names or not all(name in known for name in names):
            continue
        done += 1
        found, reason = trusted([known[name] for name in reversed(names)], calendar.timegm((2022, 1, 1, 0, 0, 0)))
        holds = "should_validate = true" in body
        if found is not holds and (found is False or int(section) not in REVOCATION_AND_POLICIES):
            wrong.append((title, reason))
    assert done >= 60
    assert wrong == []


def test_all_certificates_at_once_lead_nowhere_but_to_an_end(files: dict[str, bytes]) -> None:
    """Every certificate of these collections as the leaf, with fifteen others as what was sent, roots among them."""
    chosen = [
        der
        for name, data in sorted(files.items())
        if name.startswith((BUILDER, PKITS, VERIFY)) and name.endswith((".pem", ".crt"))
        for der in certificates_in(data)
    ]
    certificates = cores(chosen)
    assert len(certificates) > 300
    judge = Judge(Roots(chosen[::40]), verify=True)
    assert judge.signatures is not None
    for number, leaf in enumerate(certificates):
        before = judge.signatures.asked
        sent = [leaf, *(certificates[(number * 7 + step * 13) % len(certificates)] for step in range(15))]
        found = judge.judge(sent, 1_630_000_000.0, name="example.com")
        assert len(found.chain.path) <= MAX_DEPTH
        assert judge.signatures.asked - before <= MAX_STEPS + 10
        assert all(len(one.detail) < 2000 and one.detail.isprintable() for one in found.verdicts)


def test_lists_of_the_collections_are_lists_or_errors(files: dict[str, bytes]) -> None:
    read = 0
    for name, data in files.items():
        if name.endswith(".crl"):
            load(data)
            read += 1
    assert read > 50
