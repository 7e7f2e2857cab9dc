"""Signatures of issuers, of real precertificates too."""

from __future__ import annotations

from pathlib import Path

from certhia._core import Issuers, Page
from certhia.clock import Clock
from certhia.logs.chains import Chains
from certhia.logs.signed import unsigned
from certhia.model import Log
from certhia.testing import SimClock, World


def test_who_signed(certhia_world: World) -> None:
    ca = certhia_world.ca
    direct = ca.issue(["a.example.com"], precert=True).chain
    leaf = ca.issue(["a.example.com"]).der
    assert unsigned(leaf, direct[0], "it", "he") == ""
    assert unsigned(leaf, ca.precert_signer, "it", "he") == "he did not sign it"
    assert unsigned(b"\x30\0", direct[0], "it", "he").startswith("the signature of it can't be checked: ")
    assert unsigned(leaf, b"\x30\0", "it", "he").startswith("the signature of it can't be checked: ")


def test_an_unknown_algorithm_is_told(certhia_world: World) -> None:
    ca = certhia_world.ca
    leaf = ca.issue(["a.example.com"])
    der = leaf.der.replace(bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d04037f"))
    assert der != leaf.der
    assert unsigned(der, leaf.chain[0], "it", "he").startswith("the signature of it can't be checked: ")


async def _nothing(_log: Log, _fingerprint: bytes) -> bytes | None:
    return None


def test_real_precertificates_stay_proven(corpus: Path, certhia_clock: SimClock) -> None:
    bodies = [*sorted((corpus / "get-entries").glob("*.json")), corpus / "edge-precert_signing_cert.json"]
    counted = 0
    clock: Clock = certhia_clock
    for body in bodies:
        issuers = Issuers()
        chains = Chains(issuers, _nothing, clock)
        for entry in Page.from_get_entries([body.read_bytes()], 0, issuers):
            assert chains.unproven(entry) == (entry.unproven(issuers) or "")
            counted += entry.is_precert
    assert counted > 300
