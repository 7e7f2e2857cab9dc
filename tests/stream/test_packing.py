"""Pages, issuers, logs and positions come back as they were; what was damaged is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stream.histories import A, a_page

from certhia.errors import Malformed
from certhia.stream import packing
from certhia.stream.packing import Reach


def test_a_page() -> None:
    page = a_page(A, 1000, 1100)
    again = packing.unpack_page(packing.pack_page(page))
    assert (again.first, again.end, again.leaf_hashes) == (page.first, page.end, page.leaf_hashes)
    assert again.issuers == page.issuers


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_issuers(certificates: list[bytes]) -> None:
    assert list(packing.unpack_issuers(packing.pack_issuers(certificates))) == certificates


def test_issuers_that_break_off() -> None:
    for data in (b"\1", b"\5\0\0\0four"):
        with pytest.raises(Malformed, match=r"breaks? off"):
            list(packing.unpack_issuers(packing.pack(data)))


def test_a_log() -> None:
    again = packing.unpack_log(A.id, packing.pack_log(A))
    assert again == A
    for data in (b"", b"[]", b"[1,2,3,4,5,6]", b"nonsense", b'["a","b","no protocol","d","e"]'):
        with pytest.raises(Malformed, match="a log that can't be read"):
            packing.unpack_log(A.id, data)


def test_positions() -> None:
    reaches = {A.id: Reach(7), bytes(32): Reach(9, 0)}
    assert packing.unpack_reaches(packing.pack_reaches(reaches)) == reaches
    with pytest.raises(Malformed, match="positions that break off"):
        packing.unpack_reaches(b"short")


@given(st.binary(max_size=100))
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    try:
        packing.unpack(data)
    except Malformed:
        return
    assert data.startswith(b"\x28\xb5\x2f\xfd")


def test_what_would_be_too_large_is_refused() -> None:
    packed = bytearray(packing.pack(bytes(1 << 20)))
    packed[5:9] = (packing.LARGEST + 1).to_bytes(4, "little")  # RFC 8878 section 3.1.1.1.4
    with pytest.raises(Malformed):
        packing.unpack(bytes(packed))
