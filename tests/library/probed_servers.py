"""Matches of certificates that a local server shows, and names that lead to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.scanner.tls_servers import authority
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.library.looking import Looking
from certhia.model import Match, RuleHit, Sighting
from certhia.scanner.addresses import inward
from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import Resolver
from certhia.store.probes import Probe

LOCAL = "127.0.0.1"


async def nothing(name: str, kind: str) -> Sequence[Record]:
    """A name server that knows no name."""
    raise Unanswered("NXDOMAIN")


def looking(clock: Clock, names: Mapping[str, Sequence[str]], *, timeout: float = 5.0) -> Looking:
    """As in a run, but that this machine's own address may be asked."""
    closed = lambda address: None if address == LOCAL else inward(address)  # noqa: E731
    return Looking(Resolver(nothing, fixed=names, clock=clock), clock, timeout=timeout, closed=closed)


def match_of(names: Sequence[str], index: int = 0, *, served: bool = True, at: float = 0.0) -> Match:
    """A match of the certificate that `tls_servers` shows, or of another one; logged `at` (Unix seconds)."""
    _, issued = authority()
    book = Book()
    made = book.match(index)
    sighting = Sighting(book.log.id, index, False, int(at * 1000))
    made = replace(made, names=tuple(names), hits=(RuleHit("r", names[0], "san", "exact"),), sighting=sighting)
    return replace(made, sha256=issued.sha256, tbs_sha256=issued.tbs_sha256) if served else made


def probe(name: str, port: int = 443, *, served: bool = True, wanted: float = 0.0) -> Probe:
    """A probe that is due."""
    return Probe(1, match_of([name], served=served), name, port, 0, wanted)
