"""Records on disk: what is damaged is noticed, and the next one found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from certhia.stream import records
from certhia.stream.records import HEAD, PREAMBLE, Kind

MARK = b"\xf1marker\xf2"


def a_file(*payloads: bytes) -> bytes:
    parts = [
        records.encode(MARK, Kind.PAGE, one, log_id=bytes([number]) * 32, first=number, end=number + 1, seen=1.5)
        for number, one in enumerate(payloads)
    ]
    return records.SIGNATURE + MARK + b"".join(parts)


def scanned(data: bytes) -> list[tuple[int, bytes | None]]:
    found = records.scan(MARK, lambda count, offset: data[offset : offset + count], len(data))
    return [(one.head.first, one.payload) for one in found]


def test_a_record_is_read_as_it_was_written() -> None:
    data = a_file(b"payload")
    assert records.magic(data) == MARK
    head = records.decode(MARK, data[PREAMBLE:])
    assert head is not None
    assert (head.kind, head.log_id, head.first, head.end, head.seen) == (Kind.PAGE, bytes(32), 0, 1, 1.5)
    assert head.holds(b"payload")
    assert not head.holds(b"Payload")
    assert records.magic(b"something else" * 10) is None


@given(payloads=st.lists(st.binary(max_size=200), min_size=1, max_size=5), data=st.data())
def test_a_damaged_byte_costs_one_record(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(a_file(*payloads))
    at = data.draw(st.integers(PREAMBLE, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    before = list(enumerate(payloads))
    found = scanned(bytes(whole))
    assert len(set(before) - set(found)) == 1
    assert [one for one in found if one[1] is not None and one not in before] == []


@given(payloads=st.lists(st.binary(max_size=200), min_size=1, max_size=5), data=st.data())
def test_a_torn_end_costs_what_stands_behind_it(payloads: list[bytes], data: st.DataObject) -> None:
    whole = a_file(*payloads)
    cut = data.draw(st.integers(PREAMBLE, len(whole)))
    sizes = [len(a_file(*payloads[: number + 1])) for number in range(len(payloads))]
    kept = sum(size <= cut for size in sizes)
    assert [one for one in scanned(whole[:cut]) if one[1] is not None] == list(enumerate(payloads))[:kept]


def test_what_looks_like_a_record_of_another_file_is_none() -> None:
    """A certificate may hold anything but a file's own magic."""
    inner = a_file(b"forged")[PREAMBLE:].replace(MARK, b"\xf3marker\xf4")
    data = bytearray(a_file(inner + bytes(HEAD), b"next"))
    data[PREAMBLE] ^= 1  # the first record's head is damaged, so its payload is looked through
    assert scanned(bytes(data)) == [(1, b"next")]
