"""One's own rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.modules.builtin.matching import kinds, match_of

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.config.modules.policy import PolicySection
from certhia.model import Match
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.policy.rules import Rules
from certhia.modules.finding import Finding
from certhia.testing import CA
from certhia.testing.authority import Authority


def said(match: Match, certificate: Certificate | None = None, **settings: object) -> list[Finding]:
    section = PolicySection.model_validate(settings)
    return list(Rules(section, Ownership()).of(0, match, certificate))


def issued(organization: str = "Let's Encrypt", days: float = 90) -> Match:
    ca = CA(organization=organization)
    return match_of(ca.issue(["www.example.com"], days=days).der, logged=Clock().now())


def test_without_rules_everything_goes() -> None:
    match = issued()
    assert said(match, Certificate.from_der(CA().issue(["www.example.com"]).der)) == []


@pytest.mark.parametrize("allowed", ["Let's Encrypt", "let's encrypt", "Internet Security*", "*encrypt*"])
def test_authorities_are_allowed_by_name_or_owner(allowed: str) -> None:
    assert said(issued(), allowed_cas=[allowed]) == []


def test_others_are_not() -> None:
    (finding,) = said(issued("ZeroSSL"), allowed_cas=["Let's Encrypt", "DigiCert"])
    assert (finding.kind, finding.severity) == ("ca", "high")
    assert (
        finding.text
        == "www.example.com: issued by ZeroSSL (Sectigo), which is not among the authorities that you allow"
    )
    assert finding.data["owner"] == "Sectigo"
    nameless = replace(issued(), issuer="", issuer_organization="")
    assert "an issuer without a name" in said(nameless, allowed_cas=["DigiCert"])[0].text


def test_lifetimes() -> None:
    assert said(issued(days=90), max_lifetime="90d") == []
    (finding,) = said(issued(days=91), max_lifetime="90d")
    assert (finding.kind, finding.text) == ("lifetime", "www.example.com: valid for 91 days, where you allow 90 days")


@pytest.mark.parametrize(
    "kind, settings, text",
    [
        ("rsa1024", {"min_rsa_bits": 2048}, "an RSA key of 1024 bits, where you want 2048"),
        ("rsa1024", {"key_kinds": ["ec"]}, "a key of the kind rsa, where you allow ec"),
        ("p256", {"curves": ["P-384"]}, "a key on the curve P-256, where you allow P-384"),
        ("p256", {"curves": ["p-256"], "key_kinds": ["ec"], "min_rsa_bits": 4096}, ""),
    ],
)
def test_keys(kind: str, settings: dict[str, object], text: str) -> None:
    der = Authority.root("Rules").leaf(["www.example.com"], kind).der
    match = match_of(der, logged=Clock().now())
    found = said(match, Certificate.from_der(der), **settings)
    assert [one.text for one in found] == ([f"www.example.com: {text}"] if text else [])
    assert said(match, None, **settings) == []  # nothing is known of the key


def test_what_could_not_be_decoded_is_left_alone() -> None:
    assert kinds(said(replace(issued(), fault="garbage"), allowed_cas=["x"], max_lifetime="1d")) == []
