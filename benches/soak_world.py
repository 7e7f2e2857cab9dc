"""The world of `make soak`, in a process of its own: many logs that grow, and of whose answers one in a hundred has
each of the faults that pass.

    python benches/soak_world.py LOGS RATE CHANCE SEED

Prints a line of JSON with the log list's URL once all logs answer. On the line `lists` at standard input the log list
begins to have its faults, too: at a start an own list is taken as it is, so nobody may start meanwhile. A minute later
one shard ends, and one log begins to contradict itself, for good. The line `enough` ends growth and faults; what then
counts is the next line: sizes of the logs, names and certificates that were watched for, and who contradicts itself.
Ends with its standard input.

L18 is not among the faults: a tile is given up only after a quarter of an hour of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from certhia.clock import Clock
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import Answer, FakeLog, Fault, Request, Submission, World, fail, lag, old_head, short, silent, slow
from certhia.testing.false_heads import (
    BAD_NOTES,
    BAD_STHS,
    HEADS,
    bad_head,
    frozen,
    giant_tree,
    split_view,
    time_travel,
)
from certhia.testing.hostile import (
    ENTRIES,
    bomb,
    false_extra,
    flipped_leaf,
    flipped_tile,
    new_type,
    over_page,
    packed_404,
    page_of_html,
    poisoned_list,
    redirected,
    zero_page,
)
from certhia.testing.wire import cut, delay, endless, throttle

WATCHED = "example.com"
SECOND_LIE = 120.0  # seconds; until then the truth is told of what was asked again: two lies would be a contradiction
STEP = 0.5  # seconds between two growths
LIST_EVERY = 30.0  # seconds between two faults of the list, and how long each stays
PREFILL = 40  # entries of each log at the start
STILL = 20.0  # seconds that a head stays the same, once it does
GIANT = 10**9  # entries
UNKNOWN = 500  # one entry in so many has a type that nobody knows
GOOD = 30.0  # seconds until a shard ends, and a log contradicts itself

Act = Callable[[Request], Response | Answer | None]


class Dice:
    """A log's faults: each has its chance at every request that it is about."""

    def __init__(self, log: FakeLog, chance: float, dice: random.Random, hits: Counter[str], other: Submission) -> None:
        self.log, self.chance, self.dice, self.hits = log, chance, dice, hits
        self.well = False
        self._lied = -SECOND_LIE
        self._still: Fault | None = None
        self._until = 0.0
        self._other = other
        self._faults = self._all()

    def __call__(self, request: Request) -> Response | Answer | None:
        """The answer of the first fault that strikes."""
        if self._still is not None and not self.well and self.log.clock.monotonic() < self._until:
            return self._still(request)
        for name, fault in self._faults.items():
            if self.well or self.dice.random() >= self.chance:
                continue
            answer = fault(request)
            if answer is not None:
                self.hits[name] += 1
                return answer
        return None

    def _all(self) -> dict[str, Act]:
        static = bool(self.log.protocol.value == "static")
        passing: dict[str, Act] = {
            "500": fail(500), "503": fail(503), "429": fail(429, retry_after="1"), "403": fail(403),
            "silent": silent(), "slow": slow(3), "delay": delay(5), "throttle": throttle(20_000), "cut": cut(200),
            "endless": endless(), "L01": zero_page(), "L02": over_page(), "L03": short(1, 7, 30),
            "L13": bomb(1 << 27), "L14 html": page_of_html(), "L14 packed": packed_404(), "L16": redirected(),
            "L17": Fault(lambda request: Response(404, b"", {}) if ".p/" in request.path else None),
            "L06": bad_head(self.dice.choice([*(BAD_NOTES if static else BAD_STHS)])), "L09": time_travel(30),
            "L07": Fault(lambda request: old_head(self.dice.choice(self.log.heads[-20:])).act(request), HEADS),
            "lag": Fault(lambda request: lag(max(len(self.log) - 20, 0)).act(request), ENTRIES),
            "L10": Fault(self._same, HEADS), "L11": giant_tree(GIANT),
            "L04": Fault(self._lie, ENTRIES | {"tile/0"}),
            "L20": Fault(lambda request: false_extra(_first(request), self._other).act(request), ENTRIES),
        }  # fmt: skip
        return passing

    def _same(self, request: Request) -> Response | Answer | None:
        """The head of now, for a while (L10)."""
        self._still, self._until = frozen(self.log), self.log.clock.monotonic() + STILL
        return self._still(request)

    def _lie(self, request: Request) -> Response | Answer | None:
        """A leaf or a hash that is not what was signed: L04 and L05."""
        now = self.log.clock.monotonic()
        index = _first(request) + self.dice.randrange(8)
        if now - self._lied < SECOND_LIE or index >= self.log.size:
            return None
        make = flipped_tile if request.endpoint == "tile/0" else flipped_leaf
        answer = make(index).act(request)
        if answer is not None:
            self._lied = now
        return answer


def _first(request: Request) -> int:
    """The index of the first entry that is asked for."""
    if request.endpoint == "get-entries":
        return int(request.query["start"])
    place = request.path.removeprefix(f"{request.endpoint}/").partition(".p/")[0]
    return int(place.replace("x", "").replace("/", "")) * 256


class Growing:
    """The logs, and what they take in: each certificate goes to two of them, one in three is watched for."""

    def __init__(self, count: int, chance: float, seed: int) -> None:
        self.world = World(Clock(), seed)
        self.hits = Counter[str]()
        self.names: list[str] = []
        self.keys: list[str] = []  # TBS hashes of what was watched for, hex
        self._issued = 0
        self._contradicts: FakeLog | None = None
        dice = random.Random(seed)
        for number in range(count):
            self._log(number)
        self.logs = list(self.world.logs.values())
        other = Submission.of(self.world.ca.issue(["another.test"], precert=True, precert_signer=True))
        self.more(PREFILL * count)
        for log in self.logs:
            log.hooks.append(Dice(log, chance, dice, self.hits, other))

    def _log(self, number: int) -> None:
        name, page = f"log{number}", (32, 256, 64)[number % 3]
        match number % 5:
            case 0 | 2:
                self.world.rfc6962(name, max_get_entries=page, align=number % 2 == 0)
            case 4:
                self.world.hybrid(name, max_get_entries=page)
            case _:
                self.world.static(name, drop_partials=number % 2 == 0, gzip=number % 3 != 0)

    def more(self, entries: int) -> None:
        """So many entries more, over all logs."""
        grown: set[FakeLog] = set()
        for _ in range(entries // 2):
            number, self._issued = self._issued, self._issued + 1
            homes = [self.logs[number % len(self.logs)], self.logs[(number * 7 + 3) % len(self.logs)]]
            homes = [log for log in homes if log.final is None] or [self.logs[0]]
            if number % 100 == 99:
                issued = self.world.ca.undecodable("garbage" if number % 200 == 99 else "truncated")
                self.keys.append(issued.sha256.hex())  # what can't be read has no other
            else:
                name = f"host{number}.{WATCHED if number % 3 == 0 else 'other.test'}"
                issued = self.world.ca.issue([name], precert=number % 2 == 1)
                if number % 3 == 0:
                    self.names.append(name)
                    self.keys.append(issued.tbs_sha256.hex())
            for log in dict.fromkeys(homes):
                log.add(issued)
                grown.add(log)
            if number % UNKNOWN == UNKNOWN - 1 and homes[0].protocol is Protocol.RFC6962:
                self.hits["L19"] += 1
                new_type(homes[0])
        for log in grown:
            log.publish()

    def go_bad(self) -> None:
        """One shard ends (L23), and one log shows two heads from now on (L08): it will never be trusted again."""
        static = [log for log in self.logs if log.protocol is Protocol.STATIC]
        static[1].publish()
        static[1].freeze()
        self.logs.append(self.world.static(f"{static[1].name}-next"))
        self._contradicts = static[0]
        static[0].hooks.insert(0, split_view())
        self.hits.update(["L08", "L23"])

    def heal(self) -> None:
        """No more faults that pass."""
        for log in self.logs:
            for hook in log.hooks:
                if isinstance(hook, Dice):
                    hook.well = True
        self.world.pages.clear()

    def truth(self) -> dict[str, object]:
        """What there was to be seen."""
        logs = self.world.logs.values()
        bad = [self._contradicts.id.hex()] if self._contradicts is not None else []
        sizes = {log.id.hex(): log.size for log in logs if log is not self._contradicts}
        return {"sizes": sizes, "frozen": bad, "names": self.names, "keys": self.keys, "hits": dict(self.hits)}


async def _grow(growing: Growing, rate: float) -> None:
    owed = 0.0
    while True:
        await asyncio.sleep(STEP)
        owed += rate * STEP
        growing.more(int(owed) // 2 * 2)
        owed -= int(owed) // 2 * 2


async def _go_bad(growing: Growing) -> None:
    await asyncio.sleep(GOOD)
    growing.go_bad()


async def _lists(growing: Growing) -> None:
    """The list is emptied for a while (L21), or a log described otherwise (L22)."""
    world, turn = growing.world, 0
    while True:
        await asyncio.sleep(LIST_EVERY)
        turn += 1
        if turn % 2:
            headers = {"content-type": "application/json"}
            world.pages["/log_list.json"] = Response(200, poisoned_list(world.log_list()), headers)
        else:
            log = growing.logs[turn % len(growing.logs)]
            log.settings = replace(log.settings, description=f"{log.name} (renamed {turn})")
        await asyncio.sleep(LIST_EVERY)
        world.pages.clear()


def _say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def main(count: int, rate: float, chance: float, seed: int) -> None:
    """Serves until its standard input is closed."""
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # connections that break are what this is about
    growing = Growing(count, chance, seed)
    async with growing.world.serve(apart=True) as url:
        _say(log_list=f"{url}log_list.json")
        working = [asyncio.create_task(_grow(growing, rate))]
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line == "lists\n":
                working += [asyncio.create_task(_lists(growing)), asyncio.create_task(_go_bad(growing))]
                continue
            for task in working:
                task.cancel()
            growing.heal()
            _say(**growing.truth())
        for task in working:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
