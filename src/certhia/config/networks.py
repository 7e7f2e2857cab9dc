"""Addresses and networks: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from certhia.render import quoted

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def network(value: object) -> Network:
    """A network from text; an address alone is a network of one. Raises ValueError."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    text = str(value).strip()
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{quoted(text)} is neither an address nor a network; write 192.0.2.0/24") from None
    raise ValueError(f"{quoted(text)} is an address inside {meant}; write that, or the address alone")


def address(text: str) -> Address | None:
    """An address from text, IPv4 where it is one inside IPv6 (`::ffff:192.0.2.1`), without a zone (`%eth0`); None for
    what is none."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
