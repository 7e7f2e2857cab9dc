"""One line of targets: an address, a network, a range, a host or a URL, with a port or without.

    192.0.2.7              2001:db8::7            [2001:db8::7]:8443      ::ffff:192.0.2.7
    192.0.2.0/24           2001:db8::/120         192.0.2.0/24:8443       [2001:db8::/120]:8443
    192.0.2.1-99           192.0.2.1-192.0.3.7    2001:db8::1-ff
    www.example.com        bücher.example         mail.example.com:25     mail.example.com:2525/smtp
    https://www.example.com/a?b                   smtp://mail.example.com

Nothing is looked up and no range is expanded. What names an address in another way than by its usual text (octal,
decimal, `127.1`) is refused: others may read another address in it than we would check.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import inet_aton
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import quote

from certhia import render
from certhia.errors import ConfigError
from certhia.scanner.addresses import span_of, unmapped
from certhia.scanner.hosts import HostError, is_plain, read_host
from certhia.scanner.ports import SERVICES, Port, read_port

INSTEAD: Final = (
    "write 192.0.2.7, 192.0.2.0/24, 192.0.2.1-99, www.example.com, [2001:db8::7]:443 or https://example.com/"
)

_IPV4 = re.compile(r"(?:(?:0|[1-9]\d{0,2})(?:\.(?=\d)|\Z)){4}", re.ASCII)
_RANGE = re.compile(r"([0-9a-f:.]+)\s*-\s*([0-9a-f:.]+)", re.ASCII | re.IGNORECASE)
_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_PORT = re.compile(r"([^:]*):([^:]*)")
_HOST_PORT = re.compile(r"([^:]*):(\d{1,5})", re.ASCII)
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#\\]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_GROUP = re.compile(r"[0-9a-f]{1,4}", re.ASCII | re.IGNORECASE)
_PATH_SAFE = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986, besides letters, digits and -._~; the rest is percent-encoded


class Name(NamedTuple):
    """A host to be resolved.

    Attributes:
        origin: as it was written.
        line: its line in the file, from 1; None where there is none.
        host: A-labels, lower case, without a trailing dot.
        port: where it says so itself.
        path: a URL's, with its query, percent-encoded; None where it was no URL.
    """

    origin: str
    line: int | None
    host: str
    port: Port | None = None
    path: str | None = None


class Block(NamedTuple):
    """Addresses from `first` to `last`, both included, as integers of IP version 4 or 6; else as `Name`."""

    origin: str
    line: int | None
    version: int
    first: int
    last: int
    port: Port | None = None
    path: str | None = None


Written: TypeAlias = Name | Block


class TargetError(ConfigError):
    """A target that can't be read. The message is: the target "WRITTEN" WHAT; INSTEAD."""

    def __init__(self, written: str, what: str, instead: str = INSTEAD) -> None:
        super().__init__(f"the target {render.quoted(written)} {what}; {instead}")


def read_target(text: str, line: int | None = None) -> Written:
    """What a line asks for; `text` has no comment and no spaces around it. Raises TargetError."""
    if is_plain(lowered := text.lower()):
        return Name(text, line, lowered)
    try:
        if _IPV4.fullmatch(text):
            number = int.from_bytes(inet_aton(text))
            return Block(text, line, 4, number, number)
        if parted := _HOST_PORT.fullmatch(lowered):
            if is_plain(parted[1]):
                return Name(text, line, parted[1], _port(text, parted[2]))
            if _IPV4.fullmatch(parted[1]):
                number = int.from_bytes(inet_aton(parted[1]))
                return Block(text, line, 4, number, number, _port(text, parted[2]))
        if url := _URL.fullmatch(text):
            return _url(text, line, *url.groups())
        return _place(text, line, text)
    except OSError as error:
        raise TargetError(text, "is no IPv4 address", "write 192.0.2.7") from error
    except HostError as error:
        raise TargetError(text, error.what, error.instead) from error


def _url(written: str, line: int | None, scheme: str, place: str, rest: str) -> Written:
    if "@" in place:
        host = place.rsplit("@", 1)[1]
        shown = f"{scheme}://...@{host}"  # a password is nobody's to read
        raise TargetError(shown, "holds a user name", f"write {scheme}://{render.terminal(host)}/")
    if "\\" in rest or not place:
        raise TargetError(written, "is no URL with a host", "write https://www.example.com/")
    known = SERVICES.get("https" if scheme.lower() == "http" else scheme.lower())
    if known is None:
        raise TargetError(written, f"has the scheme {render.quoted(scheme)}, over which no TLS is known")
    found = _place(written, line, place)
    if isinstance(found, Block) and found.first != found.last:
        raise TargetError(written, "is a URL of more than one address", "write the network without https://")
    port = found.port or Port(*known)
    if port.starttls is None:
        port = Port(port.number, known[1])
    return found._replace(port=port, path=_path(rest))


def _path(rest: str) -> str:
    path = quote(rest, safe=_PATH_SAFE)
    return path if path.startswith("/") else f"/{path}"


def _place(written: str, line: int | None, text: str) -> Written:
    """Host, address, network or range, with a port or without."""
    port: str | None = None
    if bracketed := _BRACKETS.fullmatch(text):
        inner, port = bracketed[1], bracketed[2]
        if ":" not in inner:
            raise TargetError(written, "has something else than IPv6 in brackets", "write [2001:db8::7]:443")
        text = inner
    elif parted := _PORT.fullmatch(text):
        text, port = parted[1], parted[2]
    knock = _port(written, port)
    if addresses := _addresses(written, text):
        version, first, last = addresses
        return Block(written, line, version, first, last, knock)
    if bracketed or ":" in text:
        raise TargetError(written, "is no IPv6 address", "write 2001:db8::7 or [2001:db8::7]:443")
    return Name(written, line, read_host(text), knock)


def _port(written: str, text: str | None) -> Port | None:
    if text is None:
        return None
    try:
        return read_port(text)
    except ConfigError as error:
        raise TargetError(written, f"has a port that is none: {error}", "write www.example.com:443") from error


def _addresses(written: str, text: str) -> tuple[int, int, int] | None:
    """(version, first, last); None for what names no address."""
    if "%" in text:
        raise TargetError(written, "has a % in it", "write an address without a zone, or the name alone")
    if "/" in text:
        return _network(written, text)
    if parted := _RANGE.fullmatch(text):
        try:
            first = unmapped(ip_address(parted[1]))
        except ValueError:
            return None
        return _range(written, first, parted[2])
    try:
        address = unmapped(ip_address(text))
    except ValueError:
        return None
    return address.version, int(address), int(address)


def _network(written: str, text: str) -> tuple[int, int, int]:
    address, _, length = text.partition("/")
    try:
        network = ip_network(text, strict=False)
        ip_address(address)
    except ValueError as error:
        if length.isdigit():
            raise TargetError(written, "is no network", "write 192.0.2.0/24 or 2001:db8::/120") from error
        raise TargetError(written, "has a path and no scheme", "write it as https://www.example.com/path") from error
    span = span_of(network)
    if network.version == 6 and span.first >> 32 == span.last >> 32 == 0xFFFF:
        return 4, span.first & 0xFFFFFFFF, span.last & 0xFFFFFFFF
    return network.version, span.first, span.last


def _range(written: str, first: IPv4Address | IPv6Address, rest: str) -> tuple[int, int, int]:
    """`rest` is an address, or how the last one ends: `99` or `3.7` (IPv4), `ff` (IPv6)."""
    last = _last(first, rest)
    if last is None or last.version != first.version:
        raise TargetError(written, "is no range of addresses", "write 192.0.2.1-99 or 192.0.2.1-192.0.3.7")
    if last < first:  # type: ignore[operator]
        raise TargetError(written, "ends before it begins", f"write {last}-{first}")
    return first.version, int(first), int(last)


def _last(first: IPv4Address | IPv6Address, rest: str) -> IPv4Address | IPv6Address | None:
    text = rest
    if first.version == 4 and ":" not in rest and rest.count(".") < 3:
        kept = str(first).split(".")[: 3 - rest.count(".")]
        text = ".".join((*kept, rest))
    elif first.version == 6 and _GROUP.fullmatch(rest):
        text = f"{first.exploded[:35]}{rest}"
    try:
        return unmapped(ip_address(text))
    except ValueError:
        return None


def text_of(version: int, first: int, last: int) -> str:
    """Addresses from first to last as text: `192.0.2.1-192.0.2.99`; one alone as itself."""
    kind = IPv4Address if version == 4 else IPv6Address
    return str(kind(first)) if first == last else f"{kind(first)}-{kind(last)}"
