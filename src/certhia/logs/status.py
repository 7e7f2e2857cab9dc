"""How each log is doing: its positions, its lag, its health."""

from __future__ import annotations

from dataclasses import dataclass, field

from certhia.model import Head, Health, Log, Protocol

FAILED_AFTER = 3  # failed rounds in a row
FIRST_PAUSE = 60.0  # seconds after the log became Failed, doubled each time
LONGEST_PAUSE = 3600.0
WAITED = 600.0  # seconds without any progress after which a log that keeps us waiting is no longer well
RATE_WINDOW = 10.0  # seconds over which the rate of entries is smoothed


@dataclass(slots=True)
class Status:
    """What is known about one log now. Written by its follower, read by whoever shows it."""

    log: Log
    start: int | None = None  # where following began, or resumed
    position: int = 0  # downloaded
    verified: int = 0
    provable: bool = True  # False while the log gives no proof of where following began
    head: Head | None = None  # the newest one
    heard: float | None = None  # monotonic: when it gave a head whose signature holds, last
    missed: float | None = None  # monotonic: when it was asked for one and gave none, last
    last_timestamp: int = 0  # of the newest entry read, milliseconds
    health: Health = Health.HEALTHY
    failures: int = 0  # rounds that failed in a row
    error: str = ""  # why the last round failed
    lagging: str = ""  # what the front end does not have yet, or refuses to give now
    slow: str = ""  # that it has kept us waiting for long
    stale: str = ""  # that its newest head is older than it may be
    alarms: list[str] = field(default_factory=list)
    unreadable: str = ""  # that it serves entries that can't be read
    mismatches: int = 0  # roots that differed from the signed head's
    frozen: str = ""  # that it contradicted itself, and at which verified position it stands still
    entries: int = 0  # read by this process
    precerts: int = 0
    quarantined: int = 0
    matches: int = 0
    finished: str = ""  # why it is no longer followed
    ended: bool = False  # finished as it takes no more entries, and its head has stood still for long enough
    rate: float = 0.0  # entries a second, smoothed
    _kept: tuple[int, int, int, int] = (0, 0, 0, 0)  # entries, precerts, quarantined, matches at the verified position
    _froze: str = ""  # what was told of its freeze last
    _waiting_since: float | None = None  # monotonic
    _rate_at: float | None = None
    _rate_count: int = 0

    @property
    def is_silent(self) -> bool:
        """Whether it gave none of the heads that it was asked for since the last one it gave. A log that is ill, and
        asked rarely therefore, answers all the same."""
        return self.missed is not None and (self.heard is None or self.missed > self.heard)

    @property
    def lag(self) -> int:
        """Entries that the newest head covers and we have not read yet."""
        return max(self.head.size - self.position, 0) if self.head else 0

    def lag_seconds(self, now: float) -> float:
        """Age of the newest entry read while there are entries to be read; 0 when there are none."""
        if not self.lag or not self.last_timestamp:
            return 0.0
        return max(now - self.last_timestamp / 1000, 0.0)

    def read(self, count: int, now: float) -> None:
        """`count` entries more were read at `now` (monotonic)."""
        self.entries += count
        self._rate_count += count
        self.tick(now)

    def tick(self, now: float) -> None:
        """Lets the rate follow time; call it now and then."""
        if self._rate_at is None:
            self._rate_at = now
            return
        passed = now - self._rate_at
        if passed < 1.0:
            return
        weight = min(passed / RATE_WINDOW, 1.0)
        self.rate += weight * (self._rate_count / passed - self.rate)
        self._rate_at, self._rate_count = now, 0

    def succeeded(self) -> None:
        """A round went through."""
        self.failures = 0
        self.error = ""
        self._judge()

    def failed(self, reason: str) -> None:
        """A round failed. 429 and lag are no failures: see `waits`."""
        self.failures += 1
        self.error = reason
        self._judge()

    def waits(self, reason: str, now: float) -> bool:
        """The log keeps us waiting, at `now` (monotonic). Never a failure; True once when it has lasted for long."""
        self.lagging = reason
        self._waiting_since = now if self._waiting_since is None else self._waiting_since
        waited = now - self._waiting_since
        if waited < WAITED:
            return False
        before, self.slow = self.slow, f"keeps us waiting for {waited / 60:.0f} min: {reason}"
        self._judge()
        return not before

    def waited(self, now: float) -> float:
        """For how many seconds it has kept us waiting, at `now` (monotonic)."""
        return 0.0 if self._waiting_since is None else now - self._waiting_since

    def moves(self) -> bool:
        """The log gave something, or has nothing to give. True where it had kept us waiting for long."""
        before, self.slow = self.slow, ""
        self.lagging, self._waiting_since = "", None
        self._judge()
        return bool(before)

    def freezes(self, frozen: str) -> bool:
        """It contradicted itself: said in `frozen`, which is an alarm. Nothing of it is verified any more. False where
        the follower that ran before has told that."""
        told, self._froze = self._froze == frozen, frozen
        self.frozen = frozen
        self.alarms.append(frozen)
        self._judge()
        return not told

    @property
    def failing(self) -> bool:
        """Whether it is asked less often, as rounds failed."""
        return self.failures >= FAILED_AFTER

    def ages(self, stale: str) -> bool:
        """What is wrong with the age of the newest head; empty where nothing is. True when that is new."""
        before, self.stale = self.stale, stale
        self._judge()
        return bool(stale) and not before

    @property
    def trouble(self) -> str:
        """What keeps us from seeing the log's entries; empty where nothing does."""
        waits = f"waited for: {self.lagging}" if self.lagging else ""
        wrong = self.error or self.slow or self.stale or waits
        return f"{self.frozen}; {wrong}" if self.frozen and wrong else self.frozen or wrong

    def _judge(self) -> None:
        if self.frozen:
            self.health = Health.FROZEN
        elif self.failing:
            self.health = Health.FAILED
        elif self.failures or self.slow or self.stale:
            self.health = Health.DEGRADED
        else:
            self.health = Health.HEALTHY

    def pause(self, poll: float) -> float:
        """Seconds until the next round."""
        if not self.failing:
            return poll
        doublings = min(self.failures - FAILED_AFTER, 10)
        return max(poll, min(FIRST_PAUSE * 2.0**doublings, LONGEST_PAUSE))

    def keep(self) -> None:
        """What was counted so far is proven."""
        self._kept = (self.entries, self.precerts, self.quarantined, self.matches)

    def go_back(self) -> None:
        """What was read since the verified position comes again, and is counted then."""
        self.entries, self.precerts, self.quarantined, self.matches = self._kept

    def carry(self, before: Status) -> None:
        """Takes over the counts of the follower that ran before for the same log, up to its verified position."""
        self._kept = before._kept
        self.go_back()
        self.alarms = [alarm for alarm in before.alarms if alarm != before.frozen]
        self._froze = before._froze
        self.heard, self.missed, self.unreadable = before.heard, before.missed, before.unreadable


def longest_silence(log: Log) -> float:
    """Seconds without a new head after which it is too old: a log signs one at least once in an MMD, of the tree as it
    is where there is nothing new."""
    return max(log.mmd, 60) + 600.0 if log.protocol is Protocol.STATIC else log.mmd + 3600.0


def takes_no_more(log: Log, now: float) -> bool:
    """Whether the log takes no more entries. `now`: Unix seconds."""
    ended = log.interval is not None and log.interval[1].timestamp() <= now
    return ended or log.final is not None or log.state in ("readonly", "retired", "rejected")
