"""The core alone, on one core: pages read, decoded and matched, beside the sum of their parts timed alone."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import rule_sets
from cryptography import x509
from rows import Figure, Row

from certhia._core import Certificate, Issuers, Matcher, Page, floor

PAGE = 256
RULES = 100_000
REPEATS = 3  # of each piece of work in a round: the fastest counts
BOTH = ("issuers", "leaf_hash", "fields", "tbs_hash", "match")
RFC6962 = ("find", "base64", "frame", "chain", *BOTH)
STATIC = ("inflate", *BOTH)


@dataclass(frozen=True, slots=True)
class Material:
    """The same entries in every form that they come in."""

    bodies: list[bytes]  # get-entries answers
    tiles: list[bytes]  # data tiles, gzip
    pages: list[Page]
    ders: list[bytes]  # certificates, and precertificates as submitted
    count: int


def material(path: Path) -> Material:
    """Whole pages of those entries that a tile can hold too."""
    read = [json.loads(line) for line in path.read_bytes().splitlines()]
    served = [{name: entry[name] for name in ("leaf_input", "extra_data")} for entry in read]
    issuers = Issuers()
    framed = Page.from_get_entries([_answer(served)], 0, issuers)
    served = [entry for entry, leaf in zip(served, framed, strict=True) if leaf.raw_extra is None]
    bodies = [_answer(served[at : at + PAGE]) for at in range(0, len(served) - PAGE + 1, PAGE)]
    pages = [Page.from_get_entries([body], PAGE * number, issuers) for number, body in enumerate(bodies)]
    tiles = [gzip.compress(b"".join(entry.tile_leaf for entry in page)) for page in pages]
    ders = [entry.submitted for page in pages for entry in page]
    return Material(bodies, tiles, pages, ders, PAGE * len(pages))


def _answer(entries: list[dict[str, str]]) -> bytes:
    return json.dumps({"entries": entries}, separators=(",", ":")).encode()


def fastest(work: Callable[[], object], count: int) -> float:
    """Microseconds of CPU of this thread for each of `count`, of several runs that least disturbed."""
    best = float("inf")
    for _ in range(REPEATS):
        begun = time.thread_time_ns()
        work()
        best = min(best, (time.thread_time_ns() - begun) / 1000 / count)
    return best


def rows(given: Material, rounds: int) -> Iterator[Row]:
    """Both kinds of pages, then single certificates."""
    yield from _pages(given, rounds)
    yield _certificates(given, rounds)


def _pages(given: Material, rounds: int) -> Iterator[Row]:
    """Work and parts by turns, so that both meet the same machine."""
    matcher, issuers = Matcher(list(rule_sets.domains(RULES))), Issuers()

    def served() -> None:
        _decode((Page.from_get_entries([body], 0, issuers) for body in given.bodies), matcher)

    def tiled() -> None:
        _decode((Page.from_tile(tile, 0) for tile in given.tiles), matcher)

    parts: dict[str, float] = {}
    works = {"get-entries": (served, RFC6962), "static tile": (tiled, STATIC)}
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, nanoseconds in floor(given.bodies, matcher, REPEATS, given.tiles).items():
            parts[name] = min(parts.get(name, float("inf")), nanoseconds / 1000)
        for name, (work, _) in works.items():
            spent[name].append(fastest(work, given.count))
    for name, (_, of) in works.items():
        total = sum(parts[part] for part in of)
        figures = [
            Figure("decoded and matched", "us/entry", spent[name], floor=total),
            Figure("the best, in sums of its parts alone", "x", [min(spent[name]) / total], 1.4),
            *(Figure(f"  {part}", "us/entry", [parts[part]]) for part in of),
        ]
        yield Row(f"{name}: page, batch, {RULES:,} domain rules", "core", figures)


def _decode(pages: Iterable[Page], matcher: Matcher) -> None:
    for page in pages:
        columns = page.batch
        matcher.scan(page)
        del columns


def _certificates(given: Material, rounds: int) -> Row:
    """What both can read, one by one from Python."""
    ders = [der for der in given.ders if _readable(der)]

    def ours() -> None:
        for der in ders:
            _ = Certificate.from_der(der).names

    def theirs() -> None:
        for der in ders:
            _peer_names(der)

    own, peer = [], []
    for _ in range(rounds):
        own.append(fastest(ours, len(ders)))
        peer.append(fastest(theirs, len(ders)))
    figures = [
        Figure("Certificate.from_der, names", "us", own, 4),
        Figure("cryptography, names", "us", peer),
        Figure("its best over ours", "x", [min(peer) / min(own)], at_least=True),
    ]
    return Row("one certificate from Python", "core", figures, "cryptography 45 us")


def _peer_names(der: bytes) -> list[str | IPv4Address | IPv6Address]:
    extensions = x509.load_der_x509_certificate(der).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [name.value for name in names if isinstance(name, x509.DNSName)]


def _readable(der: bytes) -> bool:
    """Whether `cryptography` reads it, and finds names."""
    try:
        return bool(_peer_names(der))
    except (ValueError, TypeError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
