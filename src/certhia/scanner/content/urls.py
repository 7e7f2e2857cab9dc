"""URLs and names that a page, a header or a script wrote."""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from certhia import data
from certhia.scanner.guard import MAX_URL, Place, Refused, check
from certhia.scanner.hosts import HostError, is_plain, read_host

MAX_NAME: Final = 253
_PATH: Final = re.compile(r"[/?][!-~]*")
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_DROPPED: Final = str.maketrans("", "", "\t\r\n")
_OWN: Final = re.compile(r"(https://[^/?#]+)[/?].*", re.DOTALL)


def name_of(text: str) -> str | None:
    """A name as it is told, in A-labels and lower case, with `*.` where it had it; None for what is none: an address, a
    lone label."""
    lowered = text.lower().removesuffix(".")
    bare = lowered.removeprefix("*.")
    if "." not in bare or len(bare) > MAX_NAME:
        return None
    if not is_plain(bare):
        try:
            bare = read_host(bare)
        except (HostError, UnicodeError):  # the latter: text that is no Unicode
            return None
    return f"*.{bare}" if lowered.startswith("*.") else bare


def onwards(here: str, where: str) -> tuple[str, Place | None]:
    """Where a reference on the page `here` (a URL of a target) leads, without a fragment, and the same checked by the
    guard's rules for what a stranger wrote: None for what is not to be asked. The target's own port is the user's
    choice, so only the path is judged there."""
    try:
        url = urljoin(here, _encoded(where.strip())).partition("#")[0]
        own = _OWN.fullmatch(here)
        rest = url.removeprefix(own[1]) if own else url
        if own and rest != url and _PATH.fullmatch(rest or "/") and len(url) <= MAX_URL:
            parts = urlsplit(url)
            return url, Place(f"{own[1]}{rest or '/'}", "https", parts.hostname or "", parts.port or 443)
        return url[:MAX_URL], check(url)
    except (Refused, ValueError):
        return where[:MAX_URL], None


def _encoded(text: str) -> str:
    """As browsers send it: what is no printable ASCII is percent-encoded, by the bytes that came. (In a host that makes
    it none.)"""
    try:
        came = text.translate(_DROPPED).encode("latin-1")
    except UnicodeEncodeError:  # a character reference
        came = text.translate(_DROPPED).encode("utf-8", "replace")
    return quote(came, safe=_PRINTABLE)


def path_of(place: Place) -> str:
    """The path of a checked URL with its query."""
    found = _PATH.search(place.url, len(place.scheme) + 3)
    path = found[0] if found else "/"
    return path if path.startswith("/") else f"/{path}"


def is_zone(label: str) -> bool:
    """Whether there is such a top-level domain (A-label, lower case)."""
    return label in _zones()


@cache
def _zones() -> frozenset[str]:
    return data.top_level_domains()
