"""Matches to tell, and what hostile certificates put into them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from certhia.model import Delivery, LogName, Match, RuleHit, Sighting

MAKE = Callable[..., Delivery]


def delivery(number: int = 1, *, repeat: bool = False, **changes: object) -> Delivery:
    fields: dict[str, object] = {
        "key": bytes([number % 256]) * 32,
        "tbs_sha256": bytes([number % 256]) * 32,
        "hits": (RuleHit("example.com", "www.example.com", "san", "below", "Acme", "hackerone"),),
        "sighting": Sighting(b"\x01" * 32, 1000 + number, is_precert=True, timestamp=1_760_000_000_123),
        "log": LogName(b"\x01" * 32, "https://ct.example/2026/", "Example 'Log2026'", "Example"),
        "verified": True,
        "seen": 1_760_000_001.5,
        "names": ("www.example.com", "example.com", "192.0.2.7"),
        "not_before": 1_759_990_000,
        "not_after": 1_767_990_000,
        "serial": "04AB",
        "issuer": "CN=R11,O=Let's Encrypt,C=US",
        "issuer_organization": "Let's Encrypt",
        "subject_organization": "",
        "sha256": b"\x02" * 32,
        "spki_sha256": b"\x03" * 32,
        "sightings": 1,
    }
    return Delivery(number, Match(**{**fields, **changes}), repeat)  # type: ignore[arg-type]


@pytest.fixture
def make() -> MAKE:
    return delivery
