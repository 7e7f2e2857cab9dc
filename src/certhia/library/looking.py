"""From probes that are due to what the servers show: where a name leads, whether it may be asked, which certificate.

Whoever gets a certificate logged chose its names, and where these lead. So no packet goes to an address that is
private, local or reserved, and an address or a domain is asked no more often than `certhia.scanner.budget` says.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.model import Match
from certhia.render import terminal
from certhia.scanner.addresses import inward
from certhia.scanner.budget import INTERVAL, MAX_TRACKED, Budget
from certhia.scanner.dns import Addresses, Resolver
from certhia.scanner.engine import DONE, Engine
from certhia.scanner.hosts import HostError, read_host
from certhia.scanner.probing import Prober, Seen
from certhia.scanner.records import Target
from certhia.scanner.talks import Outcome
from certhia.store.probes import Finding, Probe

TIMEOUT: Final = 10.0  # seconds for a server
LOOKUP: Final = 20.0  # seconds for a name
GIVEN_UP: Final = 86_400.0  # seconds that a probe may wait for others of the same place


class Looked(NamedTuple):
    """What came of some probes: findings, and those that have to wait, until when (Unix seconds)."""

    found: list[tuple[Probe, Finding]]
    later: list[tuple[Probe, float]]


class Looking:
    """Looks at servers.

    Args:
        resolver: says where names lead.
        closed: why an address is not asked; None where it may be. Only tests say other than the tables do.
    """

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        *,
        timeout: float = TIMEOUT,
        closed: Callable[[str], str | None] = inward,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._timeout = timeout
        self._closed = closed
        self._budget = Budget(clock=clock)
        self._taken: OrderedDict[str, float] = OrderedDict()  # until when each place is spoken for by those who wait

    def remember(self, name: str, address: str) -> None:
        """An address was asked just now, by a process before this one."""
        self._budget.take(address, None if name == address else name)

    async def look(self, probes: Sequence[Probe]) -> Looked:
        """Asks them all at once, each by one address at most. Cancelled, it cuts all connections."""
        places = await asyncio.gather(*(self._addresses(probe.name) for probe in probes))
        looked, targets = Looked([], []), list[tuple[Probe, Target]]()
        for probe, where in zip(probes, places, strict=True):
            outcome = self._chosen(probe, where)
            if isinstance(outcome, Finding):
                looked.found.append((probe, outcome))
            elif isinstance(outcome, float):
                looked.later.append((probe, outcome))
            else:
                targets.append((probe, outcome))
        for (probe, target), (_, seen, failure, *_) in zip(targets, await self._asked(targets), strict=True):
            reason = "stopped" if failure is None else terminal(str(failure))
            looked.found.append((probe, self._finding(probe.match, target.address, seen, reason)))
        return looked

    async def _addresses(self, name: str) -> Addresses:
        """Where a name leads."""
        try:
            return Addresses(name, (str(ip_address(name)),))
        except ValueError:
            pass  # a name, as most are
        try:
            async with self._clock.deadline(LOOKUP):
                return await self._resolver.resolve(read_host(name))
        except HostError as error:
            return Addresses(name, (), (), error.what)
        except TimeoutError:
            return Addresses(name, (), (), "no answer in time")

    def _chosen(self, probe: Probe, where: Addresses) -> Target | Finding | float:
        """Whom to ask; or what is said without asking; or when to try again, Unix seconds."""
        now = self._clock.now()
        if not where.addresses:
            return Finding("unresolved", now, terminal(where.fault))
        for address in where.addresses:
            if reason := self._closed(address):
                return Finding("policy", now, reason, address)
        host = None if where.name in where.addresses else where.name
        for address in where.addresses:
            if self._budget.take(address, host):
                return Target(probe.name, None, host, address, probe.port, "")
        until = self._free(where.addresses[0], host)
        if until - probe.wanted > GIVEN_UP:
            return Finding("skipped", now, "too many names lead there", where.addresses[0])
        return until

    def _free(self, address: str, host: str | None) -> float:
        """When an address may be asked, Unix seconds, behind all those that wait for it already."""
        place = address if ":" not in address else str(ip_network((address, 64), strict=False))
        at = max(self._clock.now() + self._budget.wait(address, host), self._taken.pop(place, 0.0))
        self._taken[place] = at + INTERVAL
        if len(self._taken) > MAX_TRACKED:
            self._taken.popitem(last=False)
        return at

    async def _asked(self, targets: Sequence[tuple[Probe, Target]]) -> list[Outcome]:
        """What came of conversations, in order."""
        if not targets:
            return []
        prober, outcomes = Prober(), list[Outcome]()
        left = iter([(number, prober.talk(target)) for number, (_, target) in enumerate(targets)])
        engine = Engine(lambda: next(left, DONE), outcomes.extend, timeout=self._timeout)
        try:
            await asyncio.to_thread(engine.run)
        finally:
            engine.stop(cut=True)
        return sorted(outcomes, key=lambda one: one.key)

    def _finding(self, match: Match, address: str, seen: Seen | None, reason: str) -> Finding:
        now = self._clock.now()
        if seen is None or not seen.served.certificates:
            return Finding("nothing", now, reason, address)
        leaf = seen.served.certificates[0]
        outcome = "served" if is_same(match, leaf) else "other"
        return Finding(outcome, now, "", address, hashlib.sha256(leaf).digest())


def is_same(match: Match, der: bytes) -> bool:
    """Whether a certificate is the one that a match tells of. A precertificate's has other bytes: what both are signed
    over counts, or, where an own key signed the precertificate, issuer and serial number."""
    if hashlib.sha256(der).digest() == match.sha256 and not match.unproven:
        return True
    try:
        leaf = Certificate.from_der(der)
    except Malformed:
        return False
    if leaf.tbs_sha256 == match.tbs_sha256:
        return True
    return match.sighting.is_precert and (leaf.serial, leaf.issuer) == (match.serial, match.issuer)
