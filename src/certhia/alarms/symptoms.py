"""What a look finds wrong: with heads, with the backlog, with contact, with log lists, disks and sinks."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia.alarms.backlog import Backlog
from certhia.alarms.board import Found, lasting, pause
from certhia.alarms.freshness import Freshness
from certhia.alarms.space import short_of_room
from certhia.alarms.waiting import Queues, Waiting
from certhia.clock import Clock
from certhia.logs.status import WAITED, Status, longest_silence
from certhia.model import Alarm

HALF: Final = 0.5  # of the logs: so many are not ill at once by themselves, it is the network or this machine
POLLS: Final = 2  # without an answer, until a log counts as out of contact, where polls are rarer than looks
ANSWER: Final = 10.0  # seconds that disks have to say how much room is left
NAMED: Final = 3  # logs that an alarm about many names


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at."""

    statuses: Callable[[], Sequence[Status]]
    freshness: Freshness
    places: Sequence[Path]  # where files are written
    failing: Callable[[], Mapping[str, str]]  # why sinks can't be told, by name; only those that can't
    poll: float  # seconds between two heads of a log, at most
    limited: bool  # whether the user's own limits may be what holds us back
    queues: Callable[[], Queues] = lambda: Queues(0, {})  # what sinks are still to be told


class Symptoms:
    """Looks; keeps what earlier looks saw, as some things are wrong only when they last.

    Attributes:
        looked: what is looked at.
    """

    def __init__(self, looked: Looked, interval: float, clock: Clock) -> None:
        """`interval`: seconds within which what is wrong must be found."""
        self._clock = clock
        self.adopt(looked, interval)
        self._all = Backlog(hasty=True)
        self._each: dict[bytes, Backlog] = {}  # by log id
        self._still: dict[
            bytes, tuple[int, float]
        ] = {}  # where reading stands while entries wait; monotonic, since when
        self._probe: asyncio.Task[dict[str, str]] | None = None  # a look at the disks that is under way
        self._short = frozenset[str]()  # places, at the last look that was answered
        self._failing = set[str]()  # sinks, at the last look
        self._waiting = Waiting()
        self._slow = set[str]()  # sinks that are an alarm now, as matches wait for them
        self._seen: dict[bytes, float] = {}  # monotonic: when a log was looked at first

    def adopt(self, looked: Looked, interval: float) -> None:
        """Looks at this from now on; what earlier looks saw still counts."""
        self.looked = looked
        self._interval = interval
        self._silence = max(interval - pause(interval), POLLS * looked.poll)

    async def look(self) -> list[Found]:
        """Everything that is wrong now."""
        room = await self._room()
        return [*self.of_logs(), *self.of_backlog(), *self._of_list(), *self.of_sinks(), *_of_disks(room)]

    async def _room(self) -> dict[str, str]:
        """What is wrong with disks. One that does not answer (a file server that is gone) holds one thread, no look."""
        if self._probe is None:
            work = asyncio.to_thread(short_of_room, self.looked.places, self._short)
            self._probe = asyncio.get_running_loop().create_task(work)
        await asyncio.wait([self._probe], timeout=ANSWER)
        if not self._probe.done():
            places = ", ".join(map(str, dict.fromkeys(self.looked.places)))
            return {"": f"the disk does not answer: see to what holds {places}"}
        probe, self._probe = self._probe, None
        found = probe.result()
        self._short = frozenset(found)
        return found

    def of_logs(self) -> list[Found]:
        """What single logs are ill of, and that many are out of contact."""
        statuses = [status for status in self.looked.statuses() if not status.finished]
        told = [found for status in self.looked.statuses() for found in contradictions(status)]
        return [*told, *(one for status in statuses for one in self._stale(status)), *self._contact(statuses)]

    def _stale(self, status: Status) -> Iterator[Found]:
        key, silent = f"stale:{status.log.id.hex()}", self._silent(status)
        if status.stale:  # its follower has said so
            yield Found(Alarm(key, status.stale, log=_name(status)), told=True)
        elif silent > longest_silence(status.log):
            yield Found(Alarm(key, f"gave no head for {lasting(silent)}: {status.trouble}", log=_name(status)))

    def _contact(self, statuses: Sequence[Status]) -> Iterator[Found]:
        """One that is not asked, because we don't keep up or it is ill otherwise, is not out of contact."""
        lost = [one for one in statuses if one.trouble and one.is_silent and self._silent(one) > self._silence]
        if not lost or len(lost) < HALF * len(statuses):
            return
        text = (
            f"no contact with {len(lost)} of {len(statuses)} logs: none of them gave a verified answer for "
            f"{lasting(min(map(self._silent, lost)))}; see to this machine's network. {_name(lost[0])}: "
            f"{lost[0].trouble}"
        )
        yield Found(Alarm("contact", text))

    def _silent(self, status: Status) -> float:
        """Seconds since the log gave a head whose signature holds; since it was first looked at, where it gave none."""
        now = self._clock.monotonic()
        begun = self._seen.setdefault(status.log.id, now)
        return now - (begun if status.heard is None else status.heard)

    def of_backlog(self) -> Iterator[Found]:
        """What waits: of logs that hand nothing out, of all together, and of single ones that the others hide."""
        statuses = [status for status in self.looked.statuses() if not status.finished]
        for status in statuses:
            status.tick(self._clock.monotonic())  # else the rate of a log that stands still stays what it was
        for known in (self._each, self._still):
            for gone in known.keys() - {status.log.id for status in statuses}:
                del known[gone]
        withheld = [status for status in statuses if self._withholds(status)]
        yield from map(self._withheld, withheld)
        lag, rate = sum(status.lag for status in statuses), sum(status.rate for status in statuses)
        if self._all.look(lag, rate, logs=len(statuses)):
            worst = sorted(statuses, key=lambda status: -status.lag)[:NAMED]
            named = ", ".join(f"{_name(status)} {status.lag:,}" for status in worst if status.lag)
            text = f"{lag:,} entries behind and not catching up ({named}): {self._cause('the logs grow', rate)}"
            yield Found(Alarm("backlog", text))
        for status in statuses:
            if self._falls_behind(status, told=self._all.behind or status in withheld):
                text = f"{status.lag:,} entries behind and not catching up: {self._cause('it grows', status.rate)}"
                yield Found(Alarm(f"backlog:{status.log.id.hex()}", text, log=_name(status)))

    def _falls_behind(self, status: Status, *, told: bool) -> bool:
        """`told`: whether another alarm says so already. Of a log that is out of contact nobody knows."""
        backlog = self._each.setdefault(status.log.id, Backlog(hasty=False))
        if self._silent(status) > self._silence:
            return backlog.behind
        return backlog.look(status.lag, status.rate, raises=not told)

    def _cause(self, grows: str, rate: float) -> str:
        if self.looked.limited:
            advice = "raise --max-bandwidth, --max-rate or --max-parallel, or follow fewer logs"
            return f"{grows} faster than the limits let in ({rate:,.0f} entries/s); {advice}"
        return f"{grows} faster than is read ({rate:,.0f} entries/s); `certhia status` shows each log"

    def _withholds(self, status: Status) -> bool:
        """Whether its heads came, for as long as a log may keep us waiting, and no entry that they cover. A log that is
        out of contact gives no heads either; one that is not read, because we don't keep up, has no trouble."""
        if not status.lag or not status.trouble:
            self._still.pop(status.log.id, None)
            return False
        position, since = self._still.setdefault(status.log.id, (status.position, self._clock.monotonic()))
        if position != status.position:
            self._still[status.log.id] = status.position, self._clock.monotonic()
            return False
        return status.heard is not None and status.heard - since >= WAITED

    def _withheld(self, status: Status) -> Found:
        for_long = lasting(self._clock.monotonic() - self._still[status.log.id][1])
        text = f"signed for {status.lag:,} entries and handed none of them out for {for_long}: {status.trouble}"
        return Found(Alarm(f"withheld:{status.log.id.hex()}", text, log=_name(status)))

    def _of_list(self) -> Iterator[Found]:
        if old := self.looked.freshness.old():
            yield Found(Alarm("list", old))
        for text in self.looked.freshness.refused:
            name, _, _ = text.partition(": ")
            yield Found(Alarm(f"list:{name}", text), told=True)

    def of_sinks(self) -> Iterator[Found]:
        """Those that can't be told for more than a moment, as the outbox has said; those that take too long."""
        failing = self.looked.failing()
        lasting_ones, self._failing = self._failing & failing.keys(), set(failing)
        for name in sorted(lasting_ones):
            reason = failing[name]
            yield Found(Alarm(f"sink:{name}", f"{name}: can't be told of matches, which wait: {reason}"), told=True)
        waited = self._waiting.look(self.looked.queues(), self._clock.monotonic())
        most = self._interval - pause(self._interval)
        # Over when it is well again: a queue about as long as the bound would have the alarm come and go.
        self._slow = {name for name, time in waited.items() if time >= (most / 2 if name in self._slow else most)}
        for name in sorted(self._slow - failing.keys()):
            text = f"{name}: a match has waited for {lasting(waited[name])}: it takes none, or fewer than are found"
            yield Found(Alarm(f"sink:{name}", text))


def contradictions(status: Status) -> Iterator[Found]:
    """What its follower found, and told: two trees, another final root. Stays until a human has seen to it."""
    for text in status.alarms:
        key = f"log:{status.log.id.hex()}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        yield Found(Alarm(key, text, log=_name(status)), told=True)


def _of_disks(found: Mapping[str, str]) -> Iterator[Found]:
    for place, text in found.items():
        yield Found(Alarm(f"disk:{place}", text))


def _name(status: Status) -> str:
    return status.log.description or status.log.url
