"""Names tiles of static logs (Sunlight's names-tiles.md): a line of JSON for each entry, and nothing that proves it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certhia._core import Issuers, Page
from certhia.certstream import entries
from certhia.certstream.messages import DOMAINS, LARGEST_INDEX, MAX_NAME, MAX_NAMES, Told
from certhia.certstream.standin import standin
from certhia.errors import Malformed
from certhia.net import TooLong
from certhia.unpack import gunzip

WIDTH: Final = 256  # entries of a full tile
MAX_UNPACKED: Final = 8 << 20  # bytes of a tile; real ones have 40 kB


@dataclass(frozen=True, slots=True)
class Named:
    """Consecutive entries of which names alone are known: what is said of each, and a page of what stands in."""

    told: tuple[Told, ...]
    page: Page


def read(body: bytes, first: int, count: int, issuers: Issuers, now: float) -> Named:
    """The first `count` entries of the tile that begins at entry `first`; it has as many, or is the full one.

    `body`: as it came. `now`: Unix seconds. Raises Malformed for another number of lines, and for any line that is no
    entry; BadAnswer for what can't be unpacked, TooLong for what is too large then.
    """
    plain = gunzip(body, MAX_UNPACKED)
    if len(plain) > MAX_UNPACKED:
        raise TooLong(f"a names tile of {len(plain)} bytes: it was not read")
    lines = plain.removesuffix(b"\n").split(b"\n", WIDTH + 1)
    if len(lines) not in (count, WIDTH):
        many = f"more than {WIDTH}" if len(lines) > WIDTH else len(lines)
        raise Malformed(f"a names tile of {count} lines, not {many}")
    told = tuple(_told(number, line) for number, line in enumerate(lines[:count]))
    try:
        page = entries.page([standin(one, now) for one in told], first, issuers)
    except OverflowError:
        raise Malformed("entries of names of a size that a certificate can have") from None
    return Named(told, page)


def _told(number: int, line: bytes) -> Told:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed(f"line {number + 1} in JSON") from None
    timestamp = said.get("Timestamp") if isinstance(said, dict) else None
    if type(timestamp) is not int or not 0 <= timestamp <= LARGEST_INDEX:
        raise Malformed(f"line {number + 1} with a Timestamp")
    try:
        names = tuple(dict.fromkeys(_names(said)))
    except Malformed as error:
        raise Malformed(f"line {number + 1} with {error.reason}") from None
    return Told(DOMAINS, names, {}, {}, b"", (), False, None, timestamp, "")


def _names(said: dict[str, Any]) -> Iterator[str]:
    """The alternative names, then the common one where it is a name: as in messages about the certificate itself."""
    subject = said.get("Subject")
    if subject is not None and not isinstance(subject, dict):
        raise Malformed("a Subject that is an object")
    common = (subject or {}).get("CommonName")
    lists = [said.get("DNS") or [], said.get("IP") or [], [common] if _is_name(common) else []]
    if not all(isinstance(one, list) for one in lists) or sum(map(len, lists)) > MAX_NAMES:
        raise Malformed(f"lists of at most {MAX_NAMES:,} names")
    for name in _each(lists):
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise Malformed(f"names that are texts of up to {MAX_NAME:,} characters")
        yield name.encode("utf-8", "replace").decode()


def _is_name(common: object) -> bool:
    """Whether a common name is one of a host; a person's or a product's is none."""
    return common is not None and not (isinstance(common, str) and ("." not in common or " " in common))


def _each(lists: Sequence[Sequence[object]]) -> Iterator[object]:
    for one in lists:
        yield from one
