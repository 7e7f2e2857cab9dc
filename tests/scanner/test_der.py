"""Certificates are cut where cryptography cuts them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.scanner.der import element, rsa_exponent, signed
from certhia.testing import der
from certhia.testing.authority import Authority

ROOT = Authority.root("DER")


@pytest.mark.parametrize("kind", ["p256", "rsa2048", "ed25519"])
@pytest.mark.parametrize("version", [1, 3])
def test_cut_as_cryptography_cuts(kind: str, version: int) -> None:
    root = Authority.root(f"DER {kind}", kind)
    made = root.leaf(["a.example"], version=version)
    assert signed(made.der).tbs == x509.load_der_x509_certificate(made.der).tbs_certificate_bytes


def test_two_algorithms_are_none() -> None:
    good = ROOT.leaf(["a.example"])
    tbs = der.tbs_of(good.der)
    other = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.tlv(der.NULL))
    signature = der.tlv(der.BIT_STRING, b"\0", Certificate.from_der(good.der).signature)
    with pytest.raises(Malformed, match="two algorithms"):
        signed(der.sequence(tbs, other, signature))


@given(st.binary(max_size=40))
def test_any_bytes_give_an_element_or_malformed(data: bytes) -> None:
    try:
        found = element(data, 0)
    except Malformed:
        return
    assert 0 <= found.start < found.body <= found.end <= len(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_broken_certificate_is_cut_or_malformed(place: int, value: int) -> None:
    good = bytearray(ROOT.leaf(["a.example"]).der)
    good[place % len(good)] = value
    with suppress(Malformed):
        assert signed(bytes(good)).tbs in bytes(good)


def test_exponents() -> None:
    def spki(*numbers: int) -> bytes:
        key = der.sequence(*(der.integer(number) for number in numbers))
        algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.tlv(der.NULL))
        return der.sequence(algorithm, der.tlv(der.BIT_STRING, b"\0", key))

    assert rsa_exponent(spki(1 << 1023 | 1, 3)) == 3
    assert rsa_exponent(spki(1 << 1023 | 1, 0x0102010301)) == 0x0102010301
    assert rsa_exponent(spki(1 << 1023 | 1)) is None
    assert rsa_exponent(b"\x30\x03\x02\x01\x03") is None
    assert rsa_exponent(b"") is None
