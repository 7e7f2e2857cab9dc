"""Addresses, networks and ranges of addresses in a scope, as networks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv6Network,
    ip_address,
    ip_network,
    summarize_address_range,
)
from typing import Final, cast

from certhia import render
from certhia.errors import ConfigError
from certhia.rules.platforms.records import Ruled

MAX_NETWORKS: Final = 64  # that a range of addresses comes to
SHORTEST: Final = {4: 8, 6: 20}  # prefix lengths; larger networks are nobody's
EVERYBODYS: Final = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "224.0.0.0/3", "::/127", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"),
)
"""Networks that everybody has, or nobody (RFC 6890): in a certificate such an address says nothing of its owner."""
RANGE: Final = re.compile(r"([0-9a-f.:]{3,45})\s*-\s*([0-9a-f.:]{1,45})", re.IGNORECASE)

_EVERYBODYS: Final = tuple(ip_network(one) for one in EVERYBODYS)


class Unusable(ConfigError):
    """An asset that no rule can be made of, and why."""


def networks_of(text: str) -> Sequence[Ruled]:
    """The networks that a text stands for: one, or those of `192.0.2.1-192.0.2.9` and `192.0.2.1-9`. None where it is
    something else: a host may look like a range. Raises Unusable for what is too wide."""
    if (found := RANGE.fullmatch(text)) is not None:
        return _range(found[1], found[2], text)
    network = _network(text)
    return [network] if network is not None else ()


def _network(text: str) -> Ruled | None:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and network.prefixlen >= 96 and network.network_address.ipv4_mapped:
        network = ip_network(f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}")
    if network.prefixlen < SHORTEST[network.version]:
        raise Unusable(f"{render.quoted(text)} is wider than any network of one owner")
    if any(network.version == one.version and network.subnet_of(one) for one in _EVERYBODYS):  # type: ignore[arg-type]
        raise Unusable(f"{render.quoted(text)} is a network that everybody may have")
    return Ruled("cidr", str(network.network_address if network.prefixlen == network.max_prefixlen else network))


def _range(first: str, last: str, text: str) -> Sequence[Ruled]:
    try:
        begin = ip_address(first)
        end = ip_address(last if ":" in last or "." in last else f"{first.rpartition('.')[0]}.{last}")
    except ValueError:
        return ()
    if begin.version != end.version or int(begin) > int(end):
        raise Unusable(f"{render.quoted(text)} is no range of addresses")
    both = cast("tuple[IPv4Address, IPv4Address]", (begin, end))  # or two of version 6
    networks = [*itertools.islice(summarize_address_range(*both), MAX_NETWORKS + 1)]
    if len(networks) > MAX_NETWORKS:
        raise Unusable(f"{render.quoted(text)} comes to more than {MAX_NETWORKS} networks")
    return [found for one in networks if (found := _network(str(one))) is not None]
