"""Whatever cryptography raises for a certificate comes out as Malformed, and its warnings don't come out at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.errors import Malformed
from certhia.scanner import strictly
from certhia.testing import der
from certhia.testing.authority import Authority

ROOT = Authority.root("Strict root")
TWICE = der.extension("2.5.29.17", der.sequence(der.tlv(0x82, b"a.example")))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0",
        ROOT.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09"),  # a version that there is none of
        ROOT.leaf(["a.example"], extensions=(TWICE,)).der,
        ROOT.leaf([], extensions=(der.extension("2.5.29.17", b"\x30\x02\xa3\x00"),)).der,  # x400Address
    ],
)
def test_what_it_does_not_take(data: bytes) -> None:
    with pytest.raises(Malformed, match="cryptography can't read it"):
        strictly.certificate(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_broken_certificates(place: int, value: int) -> None:
    data = bytearray(ROOT.der)
    data[place % len(data)] = value
    try:
        assert strictly.certificate(bytes(data)).serial_number is not None
    except Malformed as error:
        assert "cryptography" in error.reason  # noqa: PT017  (either is fine)
