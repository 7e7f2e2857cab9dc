"""What a pipeline has to tell the bus: matches, logs that fall ill and get well, files that were read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from certhia.clock import Clock
from certhia.events.bus import Bus
from certhia.events.types import (
    CertificateFound,
    ConfigReloaded,
    DomainDiscovered,
    LogDegraded,
    LogFailed,
    LogMisbehaved,
    LogRecovered,
    MatchFound,
)
from certhia.logs.status import Status
from certhia.model import Alarm, Health, Match
from certhia.reload import Reloaded
from certhia.sinks.severity import severity

MOST: Final = 100  # names, rules or changes in one event
KNOWN: Final = 65_536  # names that are remembered
LOOK: Final = 15.0  # seconds between two looks at how logs are doing
NAMED: Final = frozenset(("san", "cn", "ip"))  # where a rule finds names

_ILL: Final = {"withheld": LogDegraded, "unread": LogDegraded, "backlog": LogDegraded}
_WRONG: Final = {"log": LogMisbehaved, "promise": LogMisbehaved}
_OF_ALARMS: Final = {**_ILL, **_WRONG}
HEALTH: Final = "health"  # the kind of what is no alarm
HEALTHS: Final = {Health.FAILED: LogFailed, Health.DEGRADED: LogDegraded}


class Known:
    """The last names that there were."""

    def __init__(self, most: int = KNOWN) -> None:
        self._most = most
        self._names: dict[str, None] = {}

    def is_new(self, name: str) -> bool:
        """Whether it is none of them; it is one from now on."""
        if name in self._names:
            return False
        if len(self._names) >= self._most:
            del self._names[next(iter(self._names))]
        self._names[name] = None
        return True


class Announcing:
    """Publishes for one pipeline.

    Attributes:
        left: alarms of logs that an earlier run told of, and that were not over: the text, by name and kind. Where
            this run finds the same, it is not told again.
    """

    def __init__(self, bus: Bus, source: str) -> None:
        self.left: dict[tuple[str, str], str] = {}
        self._bus = bus
        self._source = source
        self._known = Known()

    def match(self, match: Match) -> None:
        """It is new, and about to be told."""
        bus, id_ = self._bus, match.key.hex()
        if bus.wants(MatchFound.type):
            bus.happened(_match(match, id_), source=self._source, correlation=id_)
        if bus.wants(CertificateFound.type):
            bus.happened(_certificate(match), source=self._source, correlation=id_)
        if bus.wants(DomainDiscovered.type):
            for hit in match.hits[:MOST]:
                name = hit.name.lower()
                if hit.where in NAMED and name and self._known.is_new(name):
                    programmes = (hit.programme,) if hit.programme else ()
                    found = DomainDiscovered(name, hit.where, 1.0, match.log.url, programmes)
                    bus.happened(found, source=self._source, correlation=id_)

    def hears(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `certhia.model.Hears`. Alarms that are about no log are none of the bus's; what a log's health says
        already comes by that."""
        kind = alarm.key.partition(":")[0]
        body = _OF_ALARMS.get(kind)
        if body is not None and alarm.log:
            if self.left.pop((alarm.log, kind), None) == alarm.text and not cleared:
                return
            told = LogRecovered if cleared else body
            self._bus.happened(told(alarm.log, kind, alarm.text), source=self._source)

    def reloaded(self, what: str, changes: Sequence[str]) -> None:
        """Another value is in force."""
        self._bus.happened(ConfigReloaded(what, tuple(changes[:MOST])), source=self._source)

    def listen(self, reloads: Iterable[Reloaded[object]]) -> None:
        """Has `reloaded` called for each of them."""
        for one in reloads:
            one.heard = self._of(one.what)

    def _of(self, what: str) -> Callable[[Sequence[str]], None]:
        return lambda changes: self.reloaded(what, changes)


class Healths:
    """Looks how logs are doing, and tells of changes. One that is degraded at one look alone is not told of.

    Attributes:
        statuses: those of now.
        left: what an earlier run told last of logs that were not well, by what people call them: none of it is told
            again, but that it is over.
    """

    def __init__(self, bus: Bus, source: str, clock: Clock) -> None:
        self.statuses: Callable[[], Iterable[Status]] = tuple
        self.left: dict[str, Health] = {}
        self._bus = bus
        self._source = source
        self._clock = clock
        self._told: dict[bytes, Health] = {}  # by log id; those that are not well
        self._doubtful: set[bytes] = set()

    async def run(self, _faults: int = 0) -> None:
        """Until cancelled."""
        while True:
            await self._clock.sleep(LOOK)
            self.look()

    def look(self) -> None:
        """Once."""
        for status in self.statuses():
            self._look(status.log.id, status)

    def _look(self, log_id: bytes, status: Status) -> None:
        name = status.log.description or status.log.url
        if name in self.left:
            if status.health is Health.HEALTHY and status.heard is None:
                return  # it has said nothing yet
            self._told[log_id] = self.left.pop(name)
        before, now = self._told.get(log_id, Health.HEALTHY), status.health
        if now is Health.FROZEN:  # an alarm tells of that
            now = before
        doubtful = now is Health.DEGRADED and before is Health.HEALTHY
        if now is before or (doubtful and log_id not in self._doubtful):
            if doubtful:
                self._doubtful.add(log_id)
            else:
                self._doubtful.discard(log_id)
            return
        self._doubtful.discard(log_id)
        body = HEALTHS.get(now, LogRecovered)
        if body is LogRecovered:
            del self._told[log_id]
        else:
            self._told[log_id] = now
        self._bus.happened(body(name, HEALTH, status.trouble), source=self._source)


def _match(match: Match, id_: str) -> MatchFound:
    return MatchFound(
        id_,
        match.kind.value,
        severity(match),
        match.names[:MOST],
        tuple(dict.fromkeys(hit.rule for hit in islice(match.hits, MOST))),
        tuple(dict.fromkeys(hit.programme for hit in islice(match.hits, MOST) if hit.programme)),
        match.log.url,
        match.sighting.index,
        match.verified,
    )


def _certificate(match: Match) -> CertificateFound:
    return CertificateFound(
        match.sha256.hex(),
        match.names[:MOST],
        match.issuer,
        match.serial,
        match.not_before,
        match.not_after,
        match.log.url,
    )
