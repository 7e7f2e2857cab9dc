"""Which addresses are nobody's business from outside: private, local, reserved, and what leads to such.

Tables are those of IANA (IPv4 and IPv6 Special-Purpose Address Registries, RFC 6890 and its updates), with what clouds
put their metadata services on. IPv6 addresses that carry an IPv4 address are looked into, since a gateway may take the
packet there: IPv4-mapped and -compatible (RFC 4291 section 2.5.5), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380)
and ISATAP (RFC 5214).

Addresses are integers in here, with their version, 4 or 6; `inward` takes text.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

# The first that holds counts: what is inside a wider one stands before it. A clear one is open to all.
_CLEAR: Final = ""
_LISTED: Final = (
    ("169.254.169.254/32", "a cloud's metadata service"),
    ("169.254.170.2/32", "a cloud's metadata service"),
    ("100.100.100.200/32", "a cloud's metadata service"),
    ("168.63.129.16/32", "a cloud's metadata service"),
    ("192.0.0.192/32", "a cloud's metadata service"),
    ("192.0.0.9/32", _CLEAR),  # anycast, RFC 7723
    ("192.0.0.10/32", _CLEAR),  # anycast, RFC 8155
    ("255.255.255.255/32", "broadcast"),
    ("0.0.0.0/8", "this network, RFC 791"),
    ("10.0.0.0/8", "private, RFC 1918"),
    ("100.64.0.0/10", "shared by a carrier's NAT, RFC 6598"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, RFC 3927"),
    ("172.16.0.0/12", "private, RFC 1918"),
    ("192.0.0.0/24", "reserved, RFC 6890"),
    ("192.0.2.0/24", "for documentation, RFC 5737"),
    ("192.88.99.0/24", "reserved, RFC 7526"),
    ("192.168.0.0/16", "private, RFC 1918"),
    ("198.18.0.0/15", "for benchmarks, RFC 2544"),
    ("198.51.100.0/24", "for documentation, RFC 5737"),
    ("203.0.113.0/24", "for documentation, RFC 5737"),
    ("224.0.0.0/4", "multicast, RFC 5771"),
    ("240.0.0.0/4", "reserved, RFC 1112"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("fd00:ec2::254/128", "a cloud's metadata service"),
    ("fd20:ce::254/128", "a cloud's metadata service"),
    ("64:ff9b:1::/48", "for a local NAT64, RFC 8215"),
    ("2001:2::/48", "for benchmarks, RFC 5180"),
    ("2001:10::/28", "reserved, RFC 4843"),
    ("2001:20::/28", "a hash of a key, RFC 7343"),
    ("2001:30::/28", "a drone's identifier, RFC 9374"),
    ("2001:db8::/32", "for documentation, RFC 3849"),
    ("3fff::/20", "for documentation, RFC 9637"),
    ("fc00::/7", "private, RFC 4193"),
    ("fe80::/10", "link-local, RFC 4291"),
    ("fec0::/10", "site-local, RFC 3879"),
    ("ff00::/8", "multicast, RFC 4291"),
    ("2001::/32", _CLEAR),  # Teredo: what it leads to counts
    ("64:ff9b::/96", _CLEAR),  # NAT64, likewise
    ("::ffff:0:0/96", _CLEAR),  # IPv4-mapped, likewise
    ("::/96", _CLEAR),  # IPv4-compatible, likewise
    ("2000::/3", _CLEAR),  # all that is given out
    ("::/0", "reserved, RFC 4291"),
)


class Span(NamedTuple):
    """Addresses from `first` to `last`, both included, as integers."""

    first: int
    last: int


def _table(version: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Where reasons begin, in order, and the reasons: "" for what is open."""
    listed = [(ip_network(text), why) for text, why in _LISTED]
    networks = [(net, why) for net, why in listed if net.version == version]
    edges = {0}
    for net, _ in networks:
        first, last = int(net.network_address), int(net.broadcast_address)
        edges |= {first, last + 1}
    starts = sorted(edges - {1 << (32 if version == 4 else 128)})
    reasons = []
    for start in starts:
        address = IPv4Address(start) if version == 4 else IPv6Address(start)
        reasons.append(next((why for net, why in networks if address in net), _CLEAR))
    return tuple(starts), tuple(reasons)


_STARTS4, _REASONS4 = _table(4)
_STARTS6, _REASONS6 = _table(6)

_MAPPED: Final = 0xFFFF
_NAT64: Final = 0x0064FF9B << 64
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


def inward(text: str) -> str | None:
    """Why an address is closed to a scan of the public network ("private, RFC 1918"); None where it is open. Text that
    is no numeric address is closed too, and so is one with a zone (`fe80::1%eth0`), which is this machine's own word.
    """
    return _inward(text)


@lru_cache(maxsize=4096)
def _inward(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return "no numeric address"
    if isinstance(address, IPv4Address):
        return inward4(int(address))
    if address.scope_id is not None:
        return "an address with a zone"
    return inward6(int(address))


def inward4(number: int) -> str | None:
    """Why an IPv4 address is closed; None where it is open."""
    return _REASONS4[bisect_right(_STARTS4, number) - 1] or None


def inward6(number: int) -> str | None:
    """Why an IPv6 address is closed, also by what it leads to; None where it is open."""
    if reason := _REASONS6[bisect_right(_STARTS6, number) - 1]:
        return reason
    for how, within in carried(number):
        if inner := inward4(within):
            return f"{how} {IPv4Address(within)}: {inner}"
    return None


def carried(number: int) -> list[tuple[str, int]]:
    """The IPv4 addresses that an IPv6 address carries, each with how."""
    low, high = number & 0xFFFFFFFF, number >> 32
    if high == _MAPPED:
        return [("IPv4-mapped", low)]
    if high == 0:
        return [("IPv4-compatible", low)]
    if high == _NAT64:
        return [("NAT64 to", low)]
    if number >> 112 == 0x2002:
        return [("6to4 by", number >> 80 & 0xFFFFFFFF)]
    if number >> 96 == 0x20010000:
        return [("Teredo by", number >> 64 & 0xFFFFFFFF), ("Teredo to", low ^ 0xFFFFFFFF)]
    if high & 0xFFFFFFFF in _ISATAP:
        return [("ISATAP to", low)]
    return []


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4-mapped IPv6 address as the IPv4 address that a socket would take it for; others as they are."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def closed(version: int) -> tuple[Span, ...]:
    """All closed addresses of a version, in order, to be taken out of ranges. A little wider than `inward` for IPv6:
    Teredo is left out altogether, and ISATAP identifiers are not told apart from others."""
    starts, reasons = (_STARTS4, _REASONS4) if version == 4 else (_STARTS6, _REASONS6)
    ends = (*(start - 1 for start in starts[1:]), (1 << (32 if version == 4 else 128)) - 1)
    spans = [Span(first, last) for first, last, why in zip(starts, ends, reasons, strict=True) if why]
    if version == 6:
        teredo = IPv6Network("2001::/32")
        spans.append(Span(int(teredo.network_address), int(teredo.broadcast_address)))
        spans += [
            Span(offset + (span.first << shift), offset + (((span.last + 1) << shift) - 1))
            for offset, shift in ((0, 0), (_MAPPED << 32, 0), (_NAT64 << 32, 0), (0x2002 << 112, 80))
            for span in closed(4)
        ]
    return joined(spans)


def joined(spans: list[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch as one."""
    out: list[Span] = []
    for span in sorted(spans):
        if out and span.first <= out[-1].last + 1:
            out[-1] = Span(out[-1].first, max(out[-1].last, span.last))
        else:
            out.append(span)
    return tuple(out)


def span_of(network: IPv4Network | IPv6Network) -> Span:
    """A network's addresses, all of them."""
    return Span(int(network.network_address), int(network.broadcast_address))
