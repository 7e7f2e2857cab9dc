"""Signatures of every kind, checked as cryptography checks them; what is remembered is bounded."""

from __future__ import annotations

import pytest
from tests.scanner.pss import pss

from certhia._core import Certificate
from certhia.errors import Unverified
from certhia.scanner.signatures import Signatures, public_key
from certhia.testing import der
from certhia.testing.authority import Authority, Made, spki_of


def core(made: Made) -> Certificate:
    return Certificate.from_der(made.der)


@pytest.mark.parametrize(
    "kind, digest",
    [
        *(("p256", "sha256"), ("p256", "sha1"), ("p384", "sha256"), ("rsa2048", "sha256"), ("rsa2048", "sha1")),
        *(("rsa2048", "md5"), ("rsa1024", "sha256"), ("ed25519", "sha256"), ("dsa1024", "sha256")),
    ],
)
def test_signatures_hold_or_do_not(kind: str, digest: str) -> None:
    root = Authority.root(f"Signer {kind}", kind)
    other = Authority.root(f"Other signer {kind}", kind if kind != "dsa1024" else "dsa2048")
    leaf = core(root.leaf(["a.example"], digest=digest))
    signatures = Signatures()
    assert signatures.fault(core(root), leaf) == ""
    assert "does not hold" in signatures.fault(core(other), leaf)
    foreign = Authority.root("Of another kind", "rsa2048" if kind != "rsa2048" else "p256")
    assert signatures.fault(core(foreign), leaf) != ""
    assert (signatures.asked, signatures.checked) == (3, 3)
    signatures.fault(core(root), leaf)
    assert (signatures.asked, signatures.checked) == (4, 3)


def test_pss() -> None:
    root, leaf = pss()
    signatures = Signatures()
    assert Certificate.from_der(leaf).signature_algorithm_name.startswith("RSASSA-PSS")
    assert signatures.fault(Certificate.from_der(root), Certificate.from_der(leaf)) == ""
    tampered = leaf[:-1] + bytes((leaf[-1] ^ 1,))
    assert "does not hold" in signatures.fault(Certificate.from_der(root), Certificate.from_der(tampered))


def test_a_certificate_with_two_algorithms_is_not_signed() -> None:
    root = Authority.root("Two algorithms")
    good = root.leaf(["a.example"])
    other = der.sequence(der.oid("1.2.840.10045.4.3.3"))
    signature = der.tlv(der.BIT_STRING, b"\0", core(good).signature)
    odd = Certificate.from_der(der.sequence(der.tbs_of(good.der), other, signature))
    assert "two algorithms" in Signatures().fault(core(root), odd)


def test_keys_that_cannot_be_used() -> None:
    root = Authority.root("Unknown key")
    leaf = root.leaf(["a.example"])
    broken = root.der.replace(spki_of(root.key)[4:20], bytes(16))
    with pytest.raises(Unverified, match="of a kind that can't be checked"):
        Signatures().check(Certificate.from_der(broken), core(leaf))
    assert public_key(b"") is None


def test_a_key_of_endless_length_is_not_used() -> None:
    key = der.sequence(der.integer(1 << 20_000 | 1), der.integer(65537))
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.tlv(der.NULL))
    assert public_key(der.sequence(algorithm, der.tlv(der.BIT_STRING, b"\0", key))) is None


def test_what_is_remembered_is_bounded() -> None:
    signatures = Signatures(keys=2, checks=3)
    roots = [Authority.root(f"Bounded {number}") for number in range(4)]
    for root in roots:
        leaf = core(root.leaf(["a.example"]))
        assert signatures.fault(core(root), leaf) == signatures.fault(core(root), leaf) == ""
    assert len(signatures._keys) == 2
    assert len(signatures._known) == 3
    assert signatures.checked == 4
