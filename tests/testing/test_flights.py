"""Flights that are read back by the core."""

from __future__ import annotations

import pytest

from certhia._core import Flight
from certhia.testing import flights
from certhia.testing.authority import Authority

ROOT = Authority.root("Flights")
LEAF = ROOT.leaf(["a.example"])


@pytest.mark.parametrize("version", [0x0301, 0x0302, 0x0303])
def test_a_flight_is_read_whole(version: int) -> None:
    flight = Flight()
    assert flight.feed(flights.flight([LEAF.der, ROOT.der], version, 0xC030)) == "done"
    assert (flight.version, flight.cipher, flight.group) == (version, 0xC030, 23)
    assert flight.certificates == [LEAF.der, ROOT.der]


def test_records_are_cut_where_they_may_hold_no_more() -> None:
    said = flights.records(bytes(40_000))
    assert [int.from_bytes(said[at + 3 : at + 5]) for at in (0, 16_389, 32_778)] == [16_384, 16_384, 7_232]
    assert flights.records(b"abc", size=1) == b"".join(flights.record(22, bytes((one,))) for one in b"abc")


def test_an_alert_is_one_record_of_two_bytes() -> None:
    flight = Flight()
    assert flight.feed(flights.alert(40)) == "failed"
    assert flight.alert == (flights.FATAL, 40)
    assert flights.alert(0, flights.WARNING) == b"\x15\3\3\0\2\1\0"


def test_extensions_are_said_with_their_length() -> None:
    assert flights.server_hello(extensions=b"\0\x17\0\0").endswith(b"\0\0\4\0\x17\0\0")
