from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certhia.scanner import addresses
from certhia.scanner.addresses import Span, carried, closed, inward, joined, span_of, unmapped

CLOSED = {
    "10.1.2.3": "private",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "127.0.0.53": "loopback",
    "0.0.0.0": "this network",
    "100.127.255.255": "carrier",
    "169.254.1.1": "link-local",
    "169.254.169.254": "metadata",
    "100.100.100.200": "metadata",
    "168.63.129.16": "metadata",
    "192.0.2.1": "documentation",
    "198.19.0.1": "benchmarks",
    "224.0.0.251": "multicast",
    "239.255.255.250": "multicast",
    "255.255.255.255": "broadcast",
    "250.1.1.1": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "fc00::1": "private",
    "fd00:ec2::254": "metadata",
    "ff02::1": "multicast",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "100::1": "reserved",
    "5f00::1": "reserved",
    "::ffff:10.0.0.1": "IPv4-mapped 10.0.0.1: private",
    "::127.0.0.1": "IPv4-compatible 127.0.0.1: loopback",
    "64:ff9b::a9fe:a9fe": "NAT64 to 169.254.169.254: a cloud's metadata",
    "64:ff9b:1::808:808": "local NAT64",
    "2002:7f00:1::": "6to4 by 127.0.0.1: loopback",
    "2001:0:a00:1::f7f7:f7f7": "Teredo by 10.0.0.1: private",
    "2001:0:808:808::f5ff:fffe": "Teredo to 10.0.0.1: private",
    "2606:4700::5efe:a00:1": "ISATAP to 10.0.0.1: private",
    "2606:4700::200:5efe:a00:1": "ISATAP to 10.0.0.1: private",
    "fe80::1%eth0": "zone",
    "2606:4700::1%eth0": "zone",
    # what a resolver or getaddrinfo might take for an address is none here
    "2130706433": "no numeric address",
    "0x7f000001": "no numeric address",
    "127.1": "no numeric address",
    "0177.0.0.1": "no numeric address",
    "10.0.0.1 ": "no numeric address",
    "": "no numeric address",
}
OPEN = (
    *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.0.9", "100.63.0.1"),
    *("223.255.255.255", "2606:4700::1", "2001:4860:4860::8888", "2002:808:808::1", "64:ff9b::808:808"),
    *("::ffff:8.8.8.8", "2001:0:808:808::f7f7:f7f7"),
)


@pytest.mark.parametrize("text, reason", CLOSED.items())
def test_what_is_closed_says_why(text: str, reason: str) -> None:
    assert reason in (inward(text) or "")


@pytest.mark.parametrize("text", OPEN)
def test_what_is_open(text: str) -> None:
    assert inward(text) is None


@given(st.ip_addresses(v=4))
@example(IPv4Address("192.0.0.9"))
def test_nothing_that_python_calls_private_is_open(address: IPv4Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert inward(str(address)) or address in ip_network("192.0.0.0/24")


@given(st.ip_addresses(v=6))
def test_nothing_that_python_calls_private_is_open_ipv6(address: IPv6Address) -> None:
    if not address.is_global and not carried(int(address)):
        assert inward(str(address)) or address in ip_network("2001::/23")


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}"]))
def test_what_carries_a_closed_address_is_closed(address: IPv4Address, form: str) -> None:
    outside = inward(form.format(address))
    assert (outside is None) == (inward(str(address)) is None)


EDGES = sorted(
    number
    for span in closed(4)
    for number in (span.first - 1, span.first, span.last, span.last + 1)
    if 0 <= number < 1 << 32
)


@given(st.integers(0, (1 << 32) - 1) | st.sampled_from(EDGES))
def test_spans_of_ipv4_say_the_same(number: int) -> None:
    inside = any(span.first <= number <= span.last for span in closed(4))
    assert inside == (addresses.inward4(number) is not None)


WRAPPED = [
    *(1 << shift for shift in range(128)),
    *((0xFFFF << 32) + number for number in EDGES),
    *((0x2002 << 112) + (number << 80) + 7 for number in EDGES),
    *((0x64FF9B << 96) + number for number in EDGES),
]


@given(st.integers(0, (1 << 128) - 1) | st.sampled_from(WRAPPED))
@example(int(ip_address("2001:0:808:808::f5ff:fffe")))
def test_spans_of_ipv6_leave_nothing_closed_in(number: int) -> None:
    """ISATAP aside, whose identifiers may stand in any network."""
    inside = any(span.first <= number <= span.last for span in closed(6))
    reason = addresses.inward6(number)
    if reason is not None and "ISATAP" not in reason:
        assert inside
    if inside:
        assert reason is not None or number >> 96 == 0x20010000


def test_spans_that_touch_are_joined() -> None:
    assert joined([Span(5, 9), Span(1, 4), Span(7, 8), Span(11, 11)]) == (Span(1, 9), Span(11, 11))
    assert span_of(ip_network("0.0.1.0/30")) == Span(256, 259)


def test_a_mapped_address_is_the_one_it_means() -> None:
    assert unmapped(ip_address("::ffff:192.0.2.1")) == IPv4Address("192.0.2.1")
    assert unmapped(ip_address("2001:db8::1")) == IPv6Address("2001:db8::1")
    assert unmapped(ip_address("192.0.2.1")) == IPv4Address("192.0.2.1")
