"""Whether a certificate is for a name (RFC 9525, which took over from RFC 6125; RFC 5280 section 4.2.1.6).

A wildcard stands for one whole label, the leftmost, and needs two labels behind it. Names are compared as A-labels,
without regard to case; a dot at the end of the name asked for says the same name. A common name counts only where the
certificate has no alternative name of a kind that servers are known by, and the answer says so: browsers don't look
at it any more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, NamedTuple

from certhia._core import Certificate, to_ascii

COMMON_NAME: Final = "2.5.4.3"
_LABELS: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_NAME: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z][a-z0-9_-]{0,62}")  # none of them is an address


class Matched(NamedTuple):
    """How a certificate has a name.

    Attributes:
        by: "dns", "ip" or "cn"; "" where it has not.
        pattern: what stands in the certificate, as it stands there; "" where it has not.
    """

    by: str = ""
    pattern: str = ""

    @property
    def wildcard(self) -> bool:
        """Whether a wildcard was needed."""
        return self.pattern.startswith("*.")

    def __bool__(self) -> bool:
        return self.by != ""


NOT: Final = Matched()


def match(name: str, certificate: Certificate) -> Matched:
    """How `certificate` has `name`: a DNS name in any spelling, or a numeric address."""
    wanted, is_address = reference(name)
    if wanted is None:
        return NOT
    if is_address:
        return Matched("ip", wanted) if wanted in certificate.ip_addresses else NOT
    presented = certificate.dns_names
    if wanted in presented:  # most of them, at the price of a look
        return Matched("dns", wanted)
    for pattern in presented:
        if _stands_for(pattern.lower(), wanted):
            return Matched("dns", pattern)
    if not presented and not any(kind in _SERVERS for kind, _ in certificate.alternative_names):
        for common in common_names(certificate):
            if _stands_for(common.lower(), wanted):
                return Matched("cn", common)
    return NOT


_SERVERS: Final = frozenset(("dns", "ip", "uri"))


def covers(pattern: str, name: str) -> bool:
    """Whether `pattern`, as a certificate presents it, stands for `name`: a DNS name in any spelling."""
    wanted, is_address = reference(name)
    return wanted is not None and not is_address and _stands_for(pattern.lower(), wanted)


def reference(name: str) -> tuple[str | None, bool]:
    """What is looked for in a certificate: the name in A-labels, lower case, without a dot at its end, or the address
    in its shortest form; and whether it is an address. None for what no certificate can be for."""
    text = name.removesuffix(".").lower()
    if _NAME.fullmatch(text) and len(text) <= 253:
        return text, False
    return _odd(text)


@lru_cache(maxsize=1024)
def _odd(text: str) -> tuple[str | None, bool]:
    """What ends like an address, or is not in ASCII."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        return str(ip_address(text)), True
    except ValueError:
        pass
    if not text.isascii():
        try:
            text = to_ascii(text)
        except ValueError:  # Malformed is one; text that is no Unicode another
            return None, False
    return (text, False) if _LABELS.fullmatch(text) and len(text) <= 253 else (None, False)


def common_names(certificate: Certificate) -> list[str]:
    """All common names of the subject, the last first: the most specific counts first."""
    return [value for oid, value in reversed(certificate.subject_attributes) if oid == COMMON_NAME]


def _stands_for(pattern: str, wanted: str) -> bool:
    """Both in lower case, `wanted` in A-labels. A pattern with other letters than ASCII is no DNS name (RFC 5280,
    section 4.2.1.6), nor is one with a dot at its end."""
    if pattern == wanted:
        return True
    if not pattern.startswith("*."):
        return False
    label, _, rest = wanted.partition(".")
    parent = pattern[2:]
    return label != "" and parent == rest and "." in parent and "*" not in parent
