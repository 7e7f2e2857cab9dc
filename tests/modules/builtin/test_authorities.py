"""Owners of authorities, and what stands for them in CAA records."""

from __future__ import annotations

import pytest

from certhia.modules.builtin.authorities import AUTHORITIES, Ownership, plain


@pytest.mark.parametrize(
    "organization, owner",
    [
        ("Let's Encrypt", "Internet Security Research Group"),
        ("DIGICERT, INC", "DigiCert"),
        ("ZeroSSL", "Sectigo"),
        ("Google Trust Services", "Google Trust Services"),
        ("Somebody Ltd", "Somebody Ltd"),
        ("", ""),
    ],
)
def test_owners(organization: str, owner: str) -> None:
    assert Ownership().owner(organization) == owner


def test_domains_by_organisation_or_owner() -> None:
    ownership = Ownership()
    assert ownership.domains("Let's Encrypt") == {"letsencrypt.org"}
    assert ownership.domains("Internet Security Research Group") == {"letsencrypt.org"}
    assert ownership.domains("Somebody Ltd", "") == frozenset()


def test_users_add_what_is_missing() -> None:
    ownership = Ownership({"Somebody Ltd": ["CA.somebody.example."], "Let's Encrypt": ["other.example"]})
    assert ownership.domains("somebody, LTD.") == {"ca.somebody.example"}
    assert ownership.domains("Let's Encrypt") == {"letsencrypt.org", "other.example"}


def test_no_organisation_has_two_owners() -> None:
    named = [plain(name) for one in AUTHORITIES for name in {plain(each) for each in (one.owner, *one.organizations)}]
    assert len(named) == len(set(named))
    assert all(domain == domain.lower() and "." in domain for one in AUTHORITIES for domain in one.domains)
