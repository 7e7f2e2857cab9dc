"""Addresses, networks and ranges in scopes."""

from __future__ import annotations

import pytest

from certhia.rules.platforms.networks import MAX_NETWORKS, Unusable, networks_of


@pytest.mark.parametrize(
    "text, networks",
    [
        ("192.0.2.7", ["192.0.2.7"]),
        ("192.0.2.7/24", ["192.0.2.0/24"]),
        ("2001:db8::/32", ["2001:db8::/32"]),
        ("::ffff:192.0.2.0/120", ["192.0.2.0/24"]),
        ("192.0.2.0-192.0.2.255", ["192.0.2.0/24"]),
        ("192.0.2.1 - 3", ["192.0.2.1", "192.0.2.2/31"]),
        ("2001:db8::-2001:db8::1", ["2001:db8::/127"]),
        ("11.0.0.0/8", ["11.0.0.0/8"]),
        ("a-b.example", []),
        ("dead-beef.example", []),
        ("example.com", []),
    ],
)
def test_networks(text: str, networks: list[str]) -> None:
    assert [one.value for one in networks_of(text)] == networks
    assert all(one.kind == "cidr" for one in networks_of(text))


@pytest.mark.parametrize(
    "text, why",
    [
        ("0.0.0.0/7", "is wider than any network of one owner"),
        ("10.0.0.0/8", "is a network that everybody may have"),
        ("192.168.7.0/24", "is a network that everybody may have"),
        ("127.0.0.1", "is a network that everybody may have"),
        ("169.254.169.254", "is a network that everybody may have"),
        ("::ffff:10.0.0.1", "is a network that everybody may have"),
        ("10.0.0.1-9", "is a network that everybody may have"),
        ("::1", "is a network that everybody may have"),
        ("fd00::/32", "is a network that everybody may have"),
        ("2000::/3", "is wider than any network of one owner"),
        ("192.0.2.9-192.0.2.1", "is no range of addresses"),
        ("192.0.2.1-2001:db8::1", "is no range of addresses"),
        ("0.0.0.0-255.255.255.255", "is wider than"),
        ("2001:db8::1-2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", f"more than {MAX_NETWORKS} networks"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        networks_of(text)
