"""Entries made of certificates, as a log would have them."""

from __future__ import annotations

import pytest

from certhia._core import Issuers
from certhia.certstream.entries import entry, page
from certhia.errors import Malformed
from certhia.testing import World


def test_a_pair_is_what_a_log_would_serve(certhia_world: World) -> None:
    issuers = Issuers()
    pair = certhia_world.ca.pair(["a.example.com"])
    made = page([entry(one.der, one.chain, 1_790_000_000_000) for one in pair], 70, issuers)
    for one, issued in zip(made, pair, strict=True):
        assert one.certificate.tbs_sha256 == issued.tbs_sha256
        assert one.submitted == issued.der
        assert one.is_precert == issued.is_precert
        assert one.unproven(issuers) is None
        assert [issuers.get(digest) for digest in one.chain] == list(issued.chain)
    assert (made[0].issuer_key_hash, made.first) == (pair[0].issuer_key_hash, 70)


def test_without_a_chain_nothing_proves_a_precertificate(certhia_world: World) -> None:
    issued = certhia_world.ca.issue(["a.example.com"], precert=True)
    (one,) = page([entry(issued.der, (), 0)], 0, Issuers())
    assert one.issuer_key_hash == bytes(32)
    assert one.unproven(Issuers())


def test_what_is_no_certificate() -> None:
    with pytest.raises(Malformed):
        entry(b"garbage", (), 0)
