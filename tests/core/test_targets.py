"""Ranges and their random order: against `ipaddress` and a permutation written again from its description."""

from __future__ import annotations

import hashlib
import ipaddress
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia import Malformed
from certhia._core import Permutation, Ranges

WORD = 2**64 - 1


def witness(count: int, key: bytes, position: int) -> int:
    """Eight rounds of Feistel over the power of two that holds `count`, walked on until below it."""
    bits = max(2, (count - 1).bit_length())
    low = bits // 2
    keys = [int.from_bytes(hashlib.sha256(bytes([turn]) + key).digest()[:8]) for turn in range(8)]

    def mixed(half: int, key: int) -> int:
        value = (half + key) & WORD
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & WORD
        value = (value ^ value >> 27) * 0x94D049BB133111EB & WORD
        return value ^ value >> 31

    value = position
    while True:
        left, right = value >> low, value & ((1 << low) - 1)
        for turn in range(0, 8, 2):
            left ^= mixed(right, keys[turn]) & ((1 << bits - low) - 1)
            right ^= mixed(left, keys[turn + 1]) & ((1 << low) - 1)
        value = left << low | right
        if value < count:
            return value


@given(st.integers(1, 2**128 - 1), st.binary(max_size=40), st.data())
def test_the_order_is_the_one_described(count: int, key: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, count - 1))
    assert Permutation(count, key).at(position) == witness(count, key, position)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 256, 257, 1000])
def test_each_number_once(count: int) -> None:
    order = Permutation(count, b"key")
    assert order.count == count
    assert sorted(order.at(position) for position in range(count)) == list(range(count))
    with pytest.raises(IndexError, match=f"no position {count} among {count}"):
        order.at(count)


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(8, 32))))
def test_ranges_are_what_ipaddress_says(singles: list[int], networks: list[tuple[int, int]]) -> None:
    wanted = [ipaddress.IPv4Network((number, bits), strict=False) for number, bits in networks]
    wanted += [ipaddress.IPv4Network(number) for number in singles]
    ranges = Ranges([str(network) for network in wanted])
    collapsed = list(ipaddress.collapse_addresses(wanted))
    assert ranges.count == sum(network.num_addresses for network in collapsed)
    if ranges.count:
        lowest, highest = min(collapsed)[0], max(network[-1] for network in collapsed)
        assert (ranges.at(0), ranges.at(ranges.count - 1)) == (str(lowest), str(highest))
    assert all(ranges.contains(str(network[0])) and ranges.contains(str(network[-1])) for network in wanted)


@given(st.ip_addresses())
def test_addresses_come_back_as_they_are_written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    found = Ranges([str(address)]).at(0)
    mapped = getattr(address, "ipv4_mapped", None)
    assert ipaddress.ip_address(found) == (mapped or address)


def test_spans_are_merged_and_cut() -> None:
    ranges = Ranges(["192.0.2.0/25", "192.0.2.128-255", "2001:db8::/126"], ["192.0.2.9", "2001:db8::2"])
    assert ranges.spans == [
        ("192.0.2.0", "192.0.2.8"),
        ("192.0.2.10", "192.0.2.255"),
        ("2001:db8::", "2001:db8::1"),
        ("2001:db8::3", "2001:db8::3"),
    ]
    assert ranges == Ranges(["192.0.2.0/24", "2001:db8::/126"]).minus(Ranges(["192.0.2.9", "2001:db8::2"]))
    assert ranges != Ranges()
    assert len({ranges, Ranges(), Ranges([])}) == 2
    assert Ranges(["192.0.2.0/24"], Ranges(["::/0"])).count == 256
    assert Ranges().count == 0


def test_what_is_no_range_raises_with_its_position() -> None:
    with pytest.raises(Malformed, match=r'"192\.0\.2\.0/33" is no IP address or range') as raised:
        Ranges(["192.0.2.1", "192.0.2.0/33"])
    assert raised.value.offset == 1
    with pytest.raises(Malformed, match="no IP address"):
        Ranges().contains("example.com")
    with pytest.raises(IndexError):
        Ranges(["192.0.2.1"]).at(1)
    with pytest.raises(TypeError):
        Ranges("192.0.2.1")


def test_a_visit_meets_each_target_once_and_can_be_resumed() -> None:
    ranges = Ranges(["10.0.0.0/20", "2001:db8::/120"], ["10.0.3.0/24"])
    ports = [443, 8443, 465]
    order = Permutation(ranges.count * len(ports), b"scan 1")
    whole = ranges.visit(order, ports, 0, 10**9)
    assert len(whole) == len(set(whole)) == order.count
    assert whole[:2] == [(ranges.at(order.at(at) // 3), ports[order.at(at) % 3]) for at in (0, 1)]
    assert {port for _, port in whole} == set(ports)
    cut = random.Random(1).randrange(order.count)
    assert ranges.visit(order, ports, 0, cut) + ranges.visit(order, ports, cut, order.count) == whole
    assert ranges.visit(order, ports, order.count, 1) == []


def test_a_visit_says_what_permutation_it_needs() -> None:
    ranges = Ranges(["10.0.0.0/24"])
    with pytest.raises(Malformed, match="256 addresses times 2 ports need a permutation of their product, not of 256"):
        ranges.visit(Permutation(256, b""), [443, 8443], 0, 1)


def test_the_widest_ranges_are_visited_without_being_made() -> None:
    ranges = Ranges(["2001:db8::/32"])
    assert ranges.count == 2**96
    order = Permutation(ranges.count, b"")
    assert len({address for address, _ in ranges.visit(order, [443], 2**95, 1000)}) == 1000
