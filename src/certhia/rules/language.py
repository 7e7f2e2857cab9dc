"""The watch language: one line of text to one rule.

example.com, .example.com       the name and everything below it            kind "tree"
*.example.com                   everything below it, not the name itself    kind "below"
=www.example.com, exact:...     this one name                               kind "exact"
192.0.2.7, 2001:db8::/32        an address or a network                     kind "cidr"
.                               every certificate                           kind "all"
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from certhia import render
from certhia._core import registrable_domain, to_ascii
from certhia.errors import ConfigError, Malformed

FORMS = "example.com, *.example.com, =www.example.com, 192.0.2.7, 192.0.2.0/24 or ."
MAX_TEXT = 4096  # characters

_PLAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)", re.IGNORECASE)
_PORT = re.compile(r"(\[[^\]]*\]|[^:]*):(\d{1,5})")
_PREFIX = re.compile(r"([a-z]+):(.*)", re.IGNORECASE | re.DOTALL)
_SLASH = re.compile(r"[/\\]")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for.

    `kind` and `value` are what `certhia._core.Matcher` takes; `text` is what the user wrote. `notice` says what the
    user should know about a rule that works but may not do what was meant; empty for most.
    """

    kind: str
    value: str
    text: str
    programme: str = ""
    platform: str = ""
    notice: str = ""


def parse_rule(text: str, *, programme: str = "", platform: str = "") -> Rule:
    """Reads one rule. Raises ConfigError, which says what is wrong and how to write it."""
    written = text.strip()
    kind, value, notice = _parse(written)
    return Rule(kind, value, written, programme, platform, notice)


def _parse(written: str) -> tuple[str, str, str]:
    """Kind, value and notice of a rule."""
    if not written:
        raise ConfigError(f"a rule is empty; write {FORMS}")
    if len(written) > MAX_TEXT:
        raise ConfigError(f"the rule {render.quoted(written, 40)} is longer than {MAX_TEXT} characters")
    if written == ".":
        return "all", "", ""
    lowered = written.lower()
    if _PLAIN.fullmatch(lowered) and not lowered[-1].isdigit() and "xn--" not in lowered and len(lowered) <= 253:
        return "tree", lowered, _width(lowered, written)  # most rules by far: files hold millions of them
    _refuse_pasted(written)
    kind, rest = _kind(written)
    if kind != "below" and (network := _network(rest, written)) is not None:
        if kind == "exact" and "/" in network[0]:
            raise _wrong(written, "asks for one name but gives a network", f"write {network[0]}")
        return "cidr", *network
    name = _name(rest, written)
    return kind, name, "" if kind == "exact" else _width(name, written)


def _width(name: str, written: str) -> str:
    """The notice for a rule that is wider than one registrable domain."""
    if registrable_domain(name) is not None:
        return ""
    return f"{render.quoted(written)} is a suffix like com or co.uk: any certificate for a name below it matches"


def _kind(written: str) -> tuple[str, str]:
    """The kind that a rule's first characters ask for, and what follows them."""
    if written.startswith("="):
        return "exact", written[1:]
    if written.startswith("*."):
        return "below", written[2:]
    if written.startswith("."):
        return "tree", written[1:]
    prefixed = _PREFIX.fullmatch(written)
    if prefixed and not _looks_like_address(written):
        if prefixed[1].lower() == "exact":
            return "exact", prefixed[2]
        raise _wrong(written, f"begins with an unknown kind of rule, {render.quoted(prefixed[1])}", f"write {FORMS}")
    return "tree", written


def _looks_like_address(text: str) -> bool:
    return text.count(":") >= 2 or text.startswith("[")


def _refuse_pasted(written: str) -> None:
    """Refuses what people paste by mistake, and tells what to write instead."""
    if pasted := _URL.match(written):
        raise _wrong(written, "is a URL", f"write its host: {render.terminal(pasted[1]) or 'example.com'}")
    if any(character.isspace() for character in written):
        raise _wrong(written, "has a space in it", "write one rule, and each rule on its own")
    if "@" in written:
        host = render.terminal(written.rsplit("@", 1)[1])
        raise _wrong(written, "looks like a mail address", f"write its domain: {host or 'example.com'}")
    if pasted := _PORT.fullmatch(written):
        host = render.terminal(pasted[1].strip("[]"))
        raise _wrong(written, "has a port, which certificates do not", f"write {host}")
    if written.startswith("["):
        raise _wrong(written, "has brackets", f"write {render.terminal(written.strip('[]'))}")


def _network(text: str, written: str) -> tuple[str, str] | None:
    """The canonical form of an address or network, with a notice; None where the text is neither."""
    if "%" in text and _looks_like_address(text):
        address = render.terminal(text.partition("%")[0])
        raise _wrong(written, "has a zone, which certificates do not", f"write {address}")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        address, _, length = text.partition("/")
        if length.isdigit() or _looks_like_address(address):
            raise _wrong(written, "is no address or network", "write 192.0.2.0/24 or 2001:db8::/32") from error
        return None
    canonical = str(_unmapped(network))
    address, _, _ = text.partition("/")
    notice = ""
    if ipaddress.ip_address(address) != network.network_address:
        notice = f"{render.quoted(written)} is read as the network {canonical}"
    if network.prefixlen == network.max_prefixlen:
        canonical = canonical.partition("/")[0]
    return canonical, notice


def _unmapped(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An IPv4-mapped IPv6 network (RFC 4291 section 2.5.5.2) as the IPv4 network it means."""
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _name(text: str, written: str) -> str:
    """A domain name in A-labels."""
    lowered = text.lower().removesuffix(".")
    if not lowered or lowered.startswith(".") or ".." in lowered:
        raise _wrong(written, "has an empty label", f"write {FORMS}")
    if "*" in lowered:
        raise _wrong(written, "has a star where none can stand", "write *.example.com; a star stands first and alone")
    if "/" in lowered or "\\" in lowered:
        host = render.terminal(_SLASH.split(lowered.lstrip("/\\"), maxsplit=1)[0])
        raise _wrong(written, "has a path", f"write {host or 'example.com'}")
    last = lowered.rsplit(".", 1)[-1]
    if _NUMBER.fullmatch(last):
        raise _wrong(written, "ends in a number but is no address", "write 192.0.2.7")
    if _PLAIN.fullmatch(lowered) and len(lowered) <= 253 and "xn--" not in lowered:
        return lowered
    try:
        name = to_ascii(lowered)
    except Malformed as error:
        reason = error.reason.partition(": ")[0]  # behind it the core quotes what stands in our message already
        raise _wrong(written, f"is no domain name ({reason})", f"write {FORMS}") from error
    if len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
        raise _wrong(written, "is longer than a domain name can be (253 characters, 63 a label)", "shorten it")
    return name


def _wrong(written: str, what: str, instead: str) -> ConfigError:
    return ConfigError(f"the rule {render.quoted(written)} {what}; {instead}")
