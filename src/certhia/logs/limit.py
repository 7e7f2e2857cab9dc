"""How many requests a second a server allows: learned from when it says no. No I/O and no clock of its own.

    free ── 429 ──▶ seek ── 429 ──▶ hold ── 429 ──▶ hold …

free   No limit was ever met: requests go as fast as answers come.
seek   The limit is somewhere below. From a low rate, up by a third an answer and a doubling in 1.5 s at most, to the
       next no. That is cheap in refusals where the limit is a request in five seconds, and is over in half a minute
       where it is a hundred a second.
hold   The limit is known nearly. After a no a little below it, back up to it along a cubic (as TCP does), a while on
       its level, then beyond, faster and faster: limits get lifted too. How long that takes goes by what a no costs:
       the pause that the server asked for, and its share of all answers.

A server's limit is a bucket that fills at some rate and holds some tokens; both are unknown. Just after a full bucket a
rate that is far too high goes well for a while. So what is believed in the end is the count between two refusals, at
both of which the bucket was empty.

Only requests that went out as soon as the rate let them count: who asks for less than is allowed learns nothing.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum, auto

LOWEST = 1 / 600  # requests a second
FREE = 1000.0  # requests a second: beyond it there is no limit worth a thought

FIRST_PAUSE = 6.0  # seconds after the first no, where the server doesn't say
SHORTEST_PAUSE = 0.25
LONGEST_PAUSE = 600.0

SEEK_UP = 1.35  # times, by an answer, at most
SEEK_DOUBLES = 1.5  # seconds
SEEK_LEAST = 1 / 60  # requests a second
SETTLE = 10.0  # requests' worth of pause when the seeking is over
LONGEST_SETTLE = 2.0  # seconds
LATE = 2.0  # seconds before its end that are looked at
GUESS = 0.9  # of the highest rate that went well: where to hold then
FEW = 10.0  # requests a second: below it refusals are too dear to begin so high

BACK = 0.95  # of the level: where a hold begins
BEYOND = 0.2  # of the level: how much above it the rate is after another cycle
STEP = 0.02  # of the rate at a no: how far below it the next level is; doubled each time while they come early
LARGEST_STEP = 0.4
EARLY = 0.4  # of a cycle
ENOUGH = 5  # answers that make an estimate

CYCLE = 10.0  # seconds from a no to the level again, at least
LONGEST_CYCLE = 900.0
REFUSALS = 130.0  # requests to a refusal, at least
PAUSES = 30.0  # a cycle is so many times the pause, at least


class Phase(Enum):
    """See the module."""

    FREE = auto()
    SEEK = auto()
    HOLD = auto()


class Limit:
    """What is known about one server. Times are seconds of any monotonic clock."""

    def __init__(self, rate: float | None = None) -> None:
        """`rate`: what was learned in an earlier run."""
        self.phase = Phase.FREE if rate is None else Phase.HOLD
        self.rate = float("inf") if rate is None else min(max(rate, LOWEST), FREE) * BACK
        self._level = float("inf") if rate is None else max(rate, LOWEST)  # where a hold stays longest
        self._cycle = min(max(CYCLE, REFUSALS / self._level), LONGEST_CYCLE)
        self._grown = 0.0  # share of the cycle that is over
        self._step = STEP
        self._next_at = float("-inf")
        self._paused_until = float("-inf")
        self._pause = 0.0  # seconds, of the last no
        self._answers = 0  # good ones since the last no
        self._refusals = 0  # that belong to it
        self._eras: deque[tuple[int, float, float]] = deque(maxlen=16)  # answers, pause before, seconds after it
        self._era = 0  # how many times there was a no
        self._recent: deque[float] = deque(maxlen=1024)  # when good answers came, while seeking
        self._flying: deque[tuple[int, float]] = deque()
        """Era and rate of each request that is out; rate 0 where it came later than it might have."""
        self._good = LOWEST  # the highest rate of a request that was answered, in this era

    @property
    def remembered(self) -> float | None:
        """What is worth remembering over a restart; None where no limit is known."""
        return self._level if self.phase is Phase.HOLD else None

    @property
    def limited(self) -> bool:
        """Whether a limit is known, or looked for."""
        return self.phase is not Phase.FREE

    def ready_at(self) -> float:
        """When the next request may go."""
        return max(self._next_at, self._paused_until)

    def sent(self, now: float) -> None:
        """A request goes out."""
        if self.phase is Phase.FREE:
            self._flying.append((self._era, self.rate))
        else:
            gap = 1.0 / self.rate
            prompt = now - self.ready_at() <= max(gap / 2, 0.01)
            self._flying.append((self._era, self.rate if prompt else 0.0))
            late = max(gap / 4, 0.005)  # what a late timer may make up for
            self._next_at = max(self._next_at, now - late) + gap

    def dropped(self) -> None:
        """A request ended without a word about the server: it was cancelled."""
        self._land()

    def answered(self, now: float) -> None:
        """A good answer."""
        era, rate = self._land()
        if era != self._era:
            return
        self._answers += 1
        if self.phase is Phase.FREE or not rate:
            return
        if self.phase is Phase.SEEK:
            self._recent.append(now)
            self._good = max(self._good, rate)
            self.rate *= min(SEEK_UP, 2.0 ** (1.0 / (SEEK_DOUBLES * self.rate)))
        else:
            self._grown += 1.0 / (self._cycle * self.rate)
            self.rate = self._level * _cubic(self._grown)
        if self.rate >= FREE:
            self.phase, self.rate = Phase.FREE, float("inf")

    def refused(self, now: float, wait: float | None) -> None:
        """429 or its like; `wait` is what Retry-After says."""
        era, rate = self._land()
        if era != self._era:
            self._refusals += 1
            self._paused_until = max(self._paused_until, now + (wait or 0.0))
            return
        if self.phase is not Phase.FREE:
            self._eras.append((self._answers, self._pause, max(now - self._paused_until, 0.001)))
        least = self._lower(now, rate, wait)
        self._pause = max(wait or 0.0, least, self._default_pause())
        shares = REFUSALS * max(self._refusals, 1) / self._level
        self._cycle = min(max(CYCLE, shares, PAUSES * max(wait or 0.0, SHORTEST_PAUSE)), LONGEST_CYCLE)
        self._next_at = self._paused_until = now + self._pause
        self._answers, self._refusals = 0, 1
        self._era += 1

    def failed(self) -> None:
        """A 5xx, a timeout, a broken connection: some count against the limit, some say that it is too much."""
        self._land()
        if self.phase is not Phase.FREE:
            self.rate = max(self.rate * 0.97, LOWEST)
            self._level = max(self._level * 0.99, LOWEST)

    def _land(self) -> tuple[int, float]:
        """The request that has been out for longest: answers come nearly in order."""
        return self._flying.popleft() if self._flying else (self._era, self.rate)

    def _default_pause(self) -> float:
        return min(max(1.0 / self.rate, SHORTEST_PAUSE), FIRST_PAUSE) if self.phase is Phase.HOLD else 0.0

    def _lower(self, now: float, rate: float, wait: float | None) -> float:
        """Chooses the rate after a no. Returns the least pause."""
        answers, pause = self._answers, self._pause
        if self.phase is Phase.FREE:
            first = FIRST_PAUSE if wait is None or wait < 1.0 else wait  # less is often just "now", rounded
            self.phase, self._good = Phase.SEEK, LOWEST
            self.rate = 1.0 / min(first * 1.2, FIRST_PAUSE)
            return first
        if self.phase is Phase.SEEK:
            if not answers:
                self.rate = max(self.rate / 2, SEEK_LEAST)
                return min(pause * 2, LONGEST_PAUSE)
            self.phase = Phase.HOLD
            self._hold(min(self._good * 0.98, self._measured(now)))
            self._eras.clear()
            return min(SETTLE / self._good, LONGEST_SETTLE)
        rate = rate or self.rate
        if self._grown >= EARLY:
            self._step = STEP
            self._eras.clear()
            self._hold(rate * (1 - STEP))
            return 0.0
        if not answers:  # whatever the rate: a ban, or a window of time that is used up
            self._hold(rate * (1 - STEP))
            return min(pause * 2, LONGEST_PAUSE)
        self._step = min(self._step * 2, LARGEST_STEP)
        likely = self._likely()
        self._hold(min(rate * (1 - STEP), max(likely, rate / 4)) if likely else rate * (1 - self._step))
        return 0.0 if answers >= ENOUGH else min(pause * 2, LONGEST_PAUSE)

    def _measured(self, now: float) -> float:
        """Good answers a second: of late, or where they were few, since the seeking began."""
        answers, pause, active = self._eras[-1]
        if answers < ENOUGH:
            return float((self._good**3 * answers / (pause + active)) ** 0.25)
        late = sum(1 for at in self._recent if now - at <= LATE)
        return late / LATE if late >= ENOUGH and self._good < FEW else self._good * GUESS

    def _likely(self) -> float | None:
        """The limit, by what came between the last refusals, at each of which the server had nothing left; None while
        too little came. What a pause brought is counted in full only where it was short: who knows how much a server
        saves up for us."""
        eras = list(self._eras)
        while len(eras) > 1 and sum(answers for answers, _, _ in eras[1:]) >= ENOUGH:
            del eras[0]
        count = sum(answers for answers, _, _ in eras)
        if count < ENOUGH:
            return None
        active = sum(active for _, _, active in eras)
        lowest = count / (active + sum(pause for _, pause, _ in eras))
        if max(pause for _, pause, _ in eras) * lowest <= 1.2:
            return lowest
        highest = count / active
        return math.sqrt(lowest * highest) if lowest < FEW else (lowest + highest) / 2

    def _hold(self, level: float) -> None:
        self._level = max(level, LOWEST)
        self._grown = 0.0
        self.rate = self._level * BACK


def _cubic(grown: float) -> float:
    """The rate as a share of the level: BACK at 0, 1 at 1, flat there, then up."""
    return 1.0 + ((1.0 - BACK) if grown < 1.0 else BEYOND) * (grown - 1.0) ** 3
