"""A result as a page."""

from __future__ import annotations

import re

from tests.scanner.report.conftest import MAKE, NOW

from certhia.model import RuleHit
from certhia.scanner.ocsp import Status
from certhia.scanner.records import (
    Chain,
    Enumerated,
    Failure,
    Fingerprints,
    Found,
    Http,
    Policy,
    Result,
    Served,
    Target,
    Verdict,
)
from certhia.scanner.report.page import LABEL, page
from certhia.scanner.scts import Checked

DAY = 86400


def rows(text: str) -> dict[str, str]:
    """Rows by their label, the last of each."""
    lines = [line[2:] for line in text.splitlines() if line.startswith("  ")]
    return {line[:LABEL].rstrip(): line[LABEL:] for line in lines}


def test_all_of_it(everything: Result) -> None:
    text = page(everything)
    shown = rows(text)
    assert text.startswith("www.example.com  192.0.2.7:443\ntimeout at http\n\nHandshake\n")
    assert shown["TLS"] == "TLS 1.2  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256  x25519"
    assert shown["asked for"] == "www.example.com"
    assert shown["ended"] == "cut off once all was seen, after 0.012 s"
    assert shown["subject"] == "CN=www.example.com,O=Example\\, Inc."
    assert shown["names"] == "www.example.com, *.example.org"
    assert shown["ip"] == "192.0.2.7"
    assert shown["valid"] == "2025-10-09 07:53:20 to 2026-01-07 07:53:19, 90 days left"
    assert shown["revocation"] == "revoked (keyCompromise), crl: http://crl.example/"
    assert shown["timestamp"].startswith("false, Example Log (Example), 2025-10-09 08:53:20, certificate: signature")
    assert shown["not trusted"] == "the root is not trusted"
    assert shown["high"].startswith("mismatched  192.0.2.7 is not")
    assert shown["JARM"] == "a" * 62
    suites = text[text.index("Speaks\n") :].splitlines()[1:3]
    assert suites[0] == "  TLS 1.2        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert suites[1] == "                 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    assert shown["leads to"] == "https://example.org/"
    assert shown["policy"] == "header: default-src 'self'"
    assert shown["below"] == "example.com  www.example.com"


def test_nothing_holds_against_it(make: MAKE, certificates: tuple[bytes, ...]) -> None:
    text = page(make(chain=Chain(certificates, True, "CN=Root", signatures=True)))
    assert "nothing holds against it" in text
    assert rows(text)["trusted"] == "by CN=Root, all signatures hold"


def test_nothing_there(failed: Result) -> None:
    assert page(failed) == "192.0.2.9:8443\nrefused at connect\n"


def test_a_whole_handshake(make: MAKE) -> None:
    def ended(signature: str) -> str:
        served = Served(0x0304, 0x1301, 29, None, (), complete=True, signature=signature, client_certificate=True)
        return rows(page(make(served=served)))["ended"]

    assert ended("good").startswith("complete, its signature holds")
    assert ended("bad").startswith("complete, its signature does NOT hold")
    assert ended("unchecked").startswith("complete, after")


def test_dates(make: MAKE) -> None:
    assert rows(page(make(at=NOW + 100 * DAY)))["valid"].endswith("over for 10 days")
    assert rows(page(make(at=NOW - 100 * DAY)))["valid"].endswith("not yet")


def test_what_is_no_certificate(make: MAKE) -> None:
    text = page(make(served=Served(0x0301, 10, None, None, (b"none", b"nor this"), staple=b"x", note="asked again")))
    assert "unreadable" in text
    assert rows(text)["stapled"] == "an OCSP answer, 1 bytes"
    assert rows(text)["note"] == "asked again"


def test_names_that_were_found_besides(make: MAKE) -> None:
    text = page(make(names=(Found("a.example", "csp"), Found("b.example", "csp"), Found("c.example", "ptr"))))
    assert (rows(text)["csp"], rows(text)["ptr"]) == ("a.example, b.example", "c.example")


def test_hostile_text_is_inert(make: MAKE, certificates: tuple[bytes, ...]) -> None:
    bad = "\x1b[2J\n\u202eevil"
    text = page(
        make(
            target=Target(bad, None, bad, "2001:db8::7", 443),
            served=Served(0x0303, 0, None, bad, certificates, server_name=bad, note=bad),
            failure=Failure("alert", "hello", bad),
            verdicts=(Verdict("untrusted", "critical", bad),),
            chain=Chain(certificates, False, bad, 1, False, bad, missing=(bad,), notes=(bad,)),
            http=Http(200, bad, ((bad, bad),), (Policy("meta", bad),), (bad,), bad, (bad,), Failure("dns", "", bad)),
            names=(Found(bad, "csp"),),
            fingerprints=Fingerprints("a" * 62, None),
            enumerated=Enumerated((0x0303,)),
            hits=(RuleHit(bad, bad, "san", "exact"),),
            timestamps=(Checked("staple", "unknown", bad, bad, 1 << 62, bad),),
            revocation=Status("unavailable", "", bad),
        )
    )
    assert all(line.isprintable() for line in text.splitlines())
    assert text.count("\n") == len(text.split("\n")) - 1
    assert "\u202e" not in text
    assert text.startswith("\\x1b[2J\\n\\u202eevil  [2001:db8::7]:443\n")


def test_colours_change_nothing_else(everything: Result) -> None:
    coloured = page(everything, color=True)
    assert "\x1b[31m" in coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in plain.splitlines()] == page(everything).splitlines()
