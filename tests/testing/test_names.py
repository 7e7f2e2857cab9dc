from __future__ import annotations

import ipaddress
from itertools import islice

from certhia.testing.names import wishes


def test_all_sorts_come_and_all_are_nobodys() -> None:
    made = list(islice(wishes(1), 240))
    names = [name for wish in made for name in wish.names]
    reserved = (".test", ".example", "example.com", "example.org", "example.net")
    assert all(name.endswith(reserved) for name in names)
    assert any(name.startswith("*.") for name in names)
    assert any("xn--" in name for name in names)
    assert any(len(wish.names) > 5 for wish in made)
    assert {wish.days for wish in made} == {6, 90}
    addresses = {ipaddress.ip_address(ip).version for wish in made for ip in wish.ips}
    assert addresses == {4, 6}
    assert any(wish.organization for wish in made)


def test_same_seed_same_wishes() -> None:
    assert list(islice(wishes(1), 50)) == list(islice(wishes(1), 50)) != list(islice(wishes(2), 50))
