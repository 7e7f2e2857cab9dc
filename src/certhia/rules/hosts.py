"""Rules that are a name, an address or a network; and what people paste instead of one."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from certhia import render
from certhia._core import registrable_domain, to_ascii
from certhia.errors import Malformed
from certhia.rules.complaint import RuleError

if TYPE_CHECKING:
    from certhia._core import Suffixes

FORMS: Final = "example.com, *.example.com, =www.example.com, 192.0.2.7, 192.0.2.0/24 or ."

_PLAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)", re.IGNORECASE)
_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):(\d{1,5})", re.ASCII)
_SPACE = re.compile(r"\s")
_SLASH = re.compile(r"[/\\]")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE | re.ASCII)


def is_plain(lowered: str) -> bool:
    """Whether this is a domain name that stands for itself: most rules by far."""
    return (
        not lowered.startswith("-")
        and _PLAIN.fullmatch(lowered) is not None
        and not lowered[-1].isdigit()
        and "xn--" not in lowered
        and len(lowered) <= 253
    )


def looks_like_address(text: str) -> bool:
    """Whether colons in it are those of an IPv6 address."""
    return text.count(":") >= 2 or text.startswith("[")


def refuse_pasted(text: str, written: str) -> None:
    """Refuses what people paste by mistake, and tells what to write instead. `text` is the name's part of `written`."""
    begin = len(written) - len(text) + 1
    if text.startswith("-") and written.lstrip("! ").startswith("-"):
        raise RuleError(
            written, "begins with a hyphen, as options do", "write example.com, and options before it", begin
        )
    if pasted := _URL.match(text):
        raise RuleError(written, "is a URL", f"write its host: {render.terminal(pasted[1]) or 'example.com'}", begin)
    if space := _SPACE.search(text):
        raise RuleError(written, "has a space in it", "write one rule, and each rule on its own", begin + space.start())
    if "@" in text:
        host = render.terminal(text.rsplit("@", 1)[1])
        instead = f"write its domain: {host or 'example.com'}"
        raise RuleError(written, "looks like a mail address", instead, begin + text.rindex("@"))
    if pasted := _PORT.fullmatch(text):
        host = render.terminal(pasted[1].strip("[]"))
        raise RuleError(written, "has a port, which certificates do not", f"write {host}", begin + pasted.start(2) - 1)
    if text.startswith("["):
        raise RuleError(written, "has brackets", f"write {render.terminal(text.strip('[]'))}", begin)


def network(text: str, written: str) -> tuple[str, str] | None:
    """The canonical form of an address or network, with a notice; None where the text is neither."""
    begin = len(written) - len(text) + 1
    if "%" in text and looks_like_address(text):
        address = render.terminal(text.partition("%")[0])
        at = begin + text.index("%")
        raise RuleError(written, "has a zone, which certificates do not", f"write {address}", at)
    try:
        read = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        address, _, length = text.partition("/")
        if length.isdigit() or looks_like_address(address):
            instead = "write 192.0.2.0/24 or 2001:db8::/32"
            raise RuleError(written, "is no address or network", instead, begin) from error
        return None
    canonical = str(_unmapped(read))
    address, _, _ = text.partition("/")
    notice = ""
    if ipaddress.ip_address(address) != read.network_address:
        notice = f"{render.quoted(written)} is read as the network {canonical}"
    if read.prefixlen == 0:
        notice = f"{render.quoted(written)} is every IPv{read.version} address: any certificate with one matches"
    if read.prefixlen == read.max_prefixlen:
        canonical = canonical.partition("/")[0]
    return canonical, notice


def _unmapped(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An IPv4-mapped IPv6 network (RFC 4291 section 2.5.5.2) as the IPv4 network it means."""
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def domain(text: str, written: str) -> str:
    """A domain name in A-labels. `text` is the name's part of `written`."""
    begin = len(written) - len(text) + 1
    lowered = text.lower().removesuffix(".")
    if not lowered or lowered.startswith(".") or ".." in lowered:
        raise RuleError(written, "has an empty label", f"write {FORMS}", begin + max(lowered.find(".."), 0))
    if "*" in lowered:
        instead = "write *.example.com; a star stands first and alone"
        raise RuleError(written, "has a star where none can stand", instead, begin + text.index("*"))
    if slash := _SLASH.search(text):
        host = render.terminal(_SLASH.split(lowered.lstrip("/\\"), maxsplit=1)[0])
        raise RuleError(written, "has a path", f"write {host or 'example.com'}", begin + slash.start())
    last = lowered.rsplit(".", 1)[-1]
    if _NUMBER.fullmatch(last):
        at = begin + len(lowered) - len(last)
        raise RuleError(written, "ends in a number but is no address", "write 192.0.2.7", at)
    if is_plain(lowered):
        return lowered
    try:
        name = to_ascii(lowered)
    except Malformed as error:
        reason = error.reason.partition(": ")[0]  # behind it the core quotes what stands in our message already
        raise RuleError(written, f"is no domain name ({reason})", f"write {FORMS}", begin) from error
    if len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
        what = "is longer than a domain name can be (253 characters, 63 a label)"
        raise RuleError(written, what, "shorten it", begin)
    return name


def is_suffix(name: str, suffixes: Suffixes | None) -> bool:
    """Whether a name (A-labels) is a public suffix: by the shipped list where none is given."""
    return (suffixes.registrable_domain(name) if suffixes is not None else registrable_domain(name)) is None


def width(name: str, written: str, suffixes: Suffixes | None) -> str:
    """The notice for a rule that is wider than one registrable domain; "" for others."""
    if not is_suffix(name, suffixes):
        return ""
    return f"{render.quoted(written)} is a suffix like com or co.uk: any certificate for a name below it matches"
