"""Addresses and networks."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from certhia.config.networks import address, network


@pytest.mark.parametrize("text", ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "::1", " 10.0.0.0/8 "])
def test_networks(text: str) -> None:
    assert network(text) == ip_network(text.strip())
    assert network(network(text)) == ip_network(text.strip())


@pytest.mark.parametrize(
    "text, said",
    [
        ("192.0.2.7/24", "is an address inside 192.0.2.0/24"),
        ("192.0.2", "neither an address nor a network; write 192.0.2.0/24"),
        ("", "neither"),
        ("example.com", "neither"),
        ("1.2.3.4/33", "neither"),
    ],
)
def test_what_is_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        network(text)


def test_addresses() -> None:
    assert address("192.0.2.7") == ip_address("192.0.2.7")
    assert address("::ffff:192.0.2.7") == ip_address("192.0.2.7")
    assert address("fe80::1%eth0") == ip_address("fe80::1")
    assert address("unknown") is None
