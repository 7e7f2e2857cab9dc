from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certhia.testing import CA, der


@given(st.binary(max_size=70000))
def test_elements_reads_what_tlv_writes(body: bytes) -> None:
    data = der.tlv(4, body) + der.tlv(5)
    (tag, start, inner, end), (second, _, _, last) = der.elements(data)
    assert (tag, start, data[inner:end], second, last) == (4, 0, body, 5, len(data))


@pytest.mark.parametrize("broken", [b"\x30", b"\x30\x05ab", b"\x30\x82\x01"])
def test_elements_refuses_what_does_not_fit(broken: bytes) -> None:
    with pytest.raises(ValueError, match="DER element"):
        list(der.elements(broken))


@given(st.integers(0, 1 << 200))
def test_integers_are_minimal_and_positive(value: int) -> None:
    encoded = der.integer(value)
    body = encoded[2:]
    assert int.from_bytes(body, "big", signed=True) == value
    assert len(body) == 1 or body[0] or body[1] & 0x80


def test_oids() -> None:
    assert der.oid("1.2.840.10045.4.3.2") == bytes.fromhex("06082a8648ce3d040302")
    assert der.oid("2.5.4.3") == bytes.fromhex("0603550403")


def test_times_change_form_in_2050() -> None:
    before, after = (datetime(year, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp() for year in (2049, 2050))
    assert der.time(before) == b"\x17\x0d490102030405Z"
    assert der.time(after) == b"\x18\x0f20500102030405Z"


def test_extensions_are_cut_out_and_put_in(certhia_ca: CA) -> None:
    tbs = certhia_ca.issue(["www.example.com"]).tbs
    extra = der.extension("1.2.3", b"\x05\x00", critical=True)
    more = der.with_extensions(tbs, add=(extra,))
    assert more.endswith(extra)
    assert der.with_extensions(more, drop=("1.2.3",)) == tbs
    with pytest.raises(ValueError, match="no extensions"):
        der.with_extensions(der.sequence(der.integer(1)))


def test_serial_is_found_in_certificate_and_tbs(certhia_ca: CA) -> None:
    issued = certhia_ca.issue(["www.example.com"])
    low = (issued.serial & (1 << 48) - 1).to_bytes(6, "big")
    for data, tbs in ((issued.der, False), (issued.tbs, True)):
        at = der.serial_at(data, tbs=tbs)
        assert at is not None
        assert data[at : at + 6] == low
    assert der.serial_at(certhia_ca.issue(["a.test"], serial=7).der, tbs=False) is None
    assert der.serial_at(b"\x30\x80nonsense", tbs=False) is None
    assert x509.load_der_x509_certificate(issued.der).tbs_certificate_bytes == der.tbs_of(issued.der)
