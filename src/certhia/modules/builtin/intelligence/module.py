"""Says of each certificate for a watched domain what is unusual about it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from certhia.config.modules.intelligence import IntelligenceSection
from certhia.model import Match
from certhia.modules.api import NETWORK, STATE, Info, Outside, Sees
from certhia.modules.batch import Matches
from certhia.modules.builtin.authorities import Ownership
from certhia.modules.builtin.intelligence import judging
from certhia.modules.builtin.intelligence.authorization import Authorization
from certhia.modules.builtin.intelligence.ccadb import Ccadb
from certhia.modules.builtin.intelligence.history import History, record_of, watched
from certhia.modules.builtin.intelligence.judging import Case
from certhia.modules.finding import Finding
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers, read_servers
from certhia.store.submissions import chains

AT_ONCE: Final = 200  # stored matches that are read at once
DEADLINE: Final = 5.0  # seconds of a call, where the settings give none
SHARE: Final = 0.6  # of it that name servers may take

Judge = Callable[[Case], Iterable[Finding]]


class Intelligence:
    """The module."""

    info = Info(
        name="intelligence",
        version="1",
        summary="What is unusual about a certificate, by what is known of its domain",
        sees=Sees.MATCHES,
        config=IntelligenceSection,
        needs=(STATE, NETWORK),
    )

    async def setup(self, config: IntelligenceSection, outside: Outside) -> None:
        """Learns from what is stored. Raises ConfigError, StateError."""
        self._outside = outside
        self._servers: Nameservers | None = None
        self._ccadb: Ccadb | None = None
        self.history = History()
        await self.reconfigure(config)
        if outside.state is not None and config.history:
            await self._learn(config.history)

    async def reconfigure(self, config: IntelligenceSection) -> None:
        """What is known stays. Raises ConfigError."""
        ccadb = await asyncio.to_thread(Ccadb.from_file, config.ccadb) if config.ccadb is not None else None
        servers = Nameservers(read_servers(",".join(config.resolver)) if config.resolver else ())
        await self.close()
        self._ccadb, self._servers = ccadb, servers
        self._ownership = Ownership(config.caa_domains)
        self._judges = list(_judges(config))
        self._authorization = None
        if config.caa and self._outside.transport is not None:
            resolver = Resolver(servers.ask, clock=self._outside.clock)
            patience = SHARE * (config.deadline or DEADLINE)
            self._authorization = Authorization(resolver, self._ownership, self._outside.clock, patience=patience)

    async def process(self, batch: Matches) -> list[Finding]:
        """Findings, in the order of the matches; those on CAA records come last."""
        ders: Mapping[bytes, Sequence[bytes]] = {}
        if self._ccadb is not None and self._outside.state is not None:  # where they are kept for some other module
            ders = await chains(self._outside.state, [match.key for match in batch.matches])
        cases, found = await asyncio.to_thread(self._judge, batch, ders)
        if self._authorization is not None:
            found += await self._authorization.of(cases)
        return found

    def _judge(self, batch: Matches, ders: Mapping[bytes, Sequence[bytes]]) -> tuple[list[Case], list[Finding]]:
        cases: list[Case] = []
        for number, match in batch:
            if not match.fault:
                cases += self._cases(number, match, self.owner(match, _fingerprint(ders.get(match.key, ()))))
        return cases, [finding for case in cases for judge in self._judges for finding in judge(case)]

    async def close(self) -> None:
        """Asks nobody any more."""
        if self._servers is not None:
            await self._servers.close()

    def owner(self, match: Match, fingerprint: bytes | None = None) -> str:
        """Who owns the authority: by CCADB where there is a file of it, else by the organisation in its name."""
        by_report = self._ccadb.owner(match.issuer, fingerprint) if self._ccadb is not None else ""
        return by_report or self._ownership.owner(match.issuer_organization)

    def _cases(self, number: int, match: Match, owner: str) -> Iterator[Case]:
        """One for each of its watched domains; it is known from then on."""
        record, domains = record_of(match, owner), watched(match)
        uses = self.history.uses(match, record)
        self.history.add(match, record, domains)
        for domain in domains:
            known = self.history.of(domain)
            yield Case(number, match, record, domain, known, known.before(record), uses)

    async def _learn(self, most: int) -> None:
        """From the newest matches that are stored, a few at a time."""
        assert self._outside.state is not None
        before: int | None = None
        left = most
        while left > 0:
            rows = await self._outside.state.matches(limit=min(left, AT_ONCE), before=before)
            for row in rows:
                if not row.match.fault:
                    self.history.add(row.match, record_of(row.match, self.owner(row.match)), watched(row.match))
            if len(rows) < AT_ONCE:
                return
            before = rows[-1].id
            left -= len(rows)


def _fingerprint(ders: Sequence[bytes]) -> bytes | None:
    """Of the issuer's certificate, where it is known."""
    return hashlib.sha256(ders[1]).digest() if len(ders) > 1 else None


def _judges(config: IntelligenceSection) -> Iterator[Judge]:
    """What is wanted."""
    every: tuple[tuple[bool, Judge], ...] = (
        (config.issued, judging.issued),
        (config.first_certificate, judging.first_certificate),
        (config.unusual_issuer, partial(judging.unusual_issuer, least=config.least)),
        (config.key_reuse, judging.key_reuse),
        (config.wildcard, judging.wildcard),
        (config.validity, judging.validity),
        (config.short_lived, judging.short_lived),
        (config.rhythm, judging.rhythm),
    )
    return (judge for wanted, judge in every if wanted)
