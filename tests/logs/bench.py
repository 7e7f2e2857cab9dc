"""One follower of one log of a test world, and all that it asks for and hands on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from certhia._core import Edge, Issuers, Matcher
from certhia.logs.budget import Budget
from certhia.logs.client import client
from certhia.logs.evidence import Evidence
from certhia.logs.follow import Follower
from certhia.logs.pace import Paces
from certhia.logs.reading import Origin, Outlets, Reading
from certhia.model import Arrival, Health, Log, Protocol, RuleHit, Step
from certhia.net import Response
from certhia.quantity import Point
from certhia.store import Freeze
from certhia.store.recorded import Recorded
from certhia.testing import Entry, FakeLog, Fault, Issued, Request, Submission, Template, World, templates
from certhia.testing.transport import InProcess

if TYPE_CHECKING:
    from certhia.model import Hit

KINDS = tuple(Protocol)
_SOURCES = WeakKeyDictionary[World, list[Template]]()
BEGINNING = Origin(Point("beginning"))


def make(world: World, kind: Protocol, name: str = "alpha", **options: object) -> FakeLog:
    """A log of that kind; RFC 6962 ones give small pages, as real ones do."""
    if kind is not Protocol.STATIC:
        options.setdefault("max_get_entries", 64)
    factories: dict[Protocol, Callable[..., FakeLog]] = {
        Protocol.RFC6962: world.rfc6962,
        Protocol.STATIC: world.static,
        Protocol.HYBRID: world.hybrid,
    }
    return factories[kind](name, **options)


def sources(world: World) -> list[Template]:
    """A certificate and a precertificate to make entries of; the same ones for all of a world."""
    if (known := _SOURCES.get(world)) is None:
        issued: list[Issued] = [world.ca.issue([f"www{n}.example.com"], precert=bool(n)) for n in range(2)]
        known = _SOURCES[world] = templates(issued)
    return known


def fill(world: World, log: FakeLog, count: int, **options: int) -> None:
    """So many more entries, published."""
    log.extend_raw(sources(world), count, **options)
    log.publish()


class Wire:
    """A transport into the world that writes down what was asked, and asked beyond the heads that were shown."""

    def __init__(self, inner: InProcess) -> None:
        self.inner = inner
        self.asked: list[str] = []
        self.beyond: list[str] = []
        self.held = 0
        self.fault: Callable[[int, str], None] | None = None  # number of the request, URL; may raise

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        self.asked.append(url)
        if self._first_index_needed(url) > self.held:
            self.beyond.append(url)
        if self.fault is not None:
            self.fault(len(self.asked), url)
        answer = await self.inner.get(url, headers=headers, cap=cap, timeout=timeout)
        if url.endswith(("get-sth", "checkpoint")):
            sizes = re.findall(rb'"tree_size": (\d+)|^(\d+)$', answer.body, re.MULTILINE)
            self.held = max([self.held, *(int(one or other) for one, other in sizes)])
        return answer

    async def close(self) -> None:
        await self.inner.close()

    def count(self, pattern: str) -> int:
        """How many URLs matched so far."""
        return sum(re.search(pattern, url) is not None for url in self.asked)

    @staticmethod
    def _first_index_needed(url: str) -> int:
        """How large a tree must be for what the URL asks to be in it. Full tiles stand in for partial ones."""
        if found := re.search(r"get-entries\?start=\d+&end=(\d+)", url):
            return int(found[1]) + 1
        if found := re.search(r"tile/data/([x\d/]+?)(?:\.p/(\d+))?$", url):
            return int(found[1].replace("x", "").replace("/", "")) * 256 + int(found[2] or 1)
        return 0


@dataclass(frozen=True, slots=True)
class Unnamed:
    """Rules without words."""

    matcher: Matcher

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        return ()

    def is_streamed(self, hits: Sequence[RuleHit]) -> bool:
        return True


class Bench:
    """A follower on a bench. `wire`, `arrivals`, `steps`, `notices`, `rewinds` and `evidence` tell what it did."""

    def __init__(
        self,
        world: World,
        log: FakeLog,
        origin: Origin = BEGINNING,
        *,
        reading: Reading | None = None,
        memory: int = 64_000_000,
        rules: Sequence[tuple[str, str]] = (("all", ""),),
        latency: float = 0.01,
        listed: Log | None = None,
    ) -> None:
        self.log = log
        self.clock = world.clock
        self.wire = Wire(world.transport(latency=latency))
        self.budget = Budget(memory)
        self.paces = Paces(world.clock)
        self.arrivals: list[Arrival] = []
        self.steps: list[Step] = []
        self.notices: list[tuple[str, str]] = []  # level, text
        self.rewinds = 0
        self.unproven: list[int] = []
        self.evidence: list[Evidence] = []
        self.freezes: list[Freeze] = []
        self.kept: list[Evidence] = []  # without a freeze
        watched = Unnamed(Matcher(list(rules)))
        outlets = Outlets(
            accept=self._accept,
            step=self.steps.append,
            rewound=self._rewound,
            unproven=lambda _log, start: self.unproven.append(start),
            notice=lambda _log, text, level: self.notices.append((level, text)),
            rules=lambda: watched,
            freeze=self._freeze,
            keep=self._keep,
            recorded=self._recorded,
        )
        self.follower = Follower(
            client(listed or log.model, self.wire, self.paces, Issuers(), world.clock),
            origin,
            outlets,
            reading=reading or Reading(),
            budget=self.budget,
            clock=world.clock,
        )
        self.status = self.follower.status

    async def _accept(self, arrival: Arrival) -> None:
        await asyncio.sleep(0)
        self.arrivals.append(arrival)

    async def _freeze(self, evidence: Evidence, position: int | None) -> Freeze:
        self.evidence.append(evidence)
        self.freezes.append(Freeze(evidence.log.id, position, evidence.at, evidence.reason, "evidence/file.json"))
        return self.freezes[-1]

    async def _keep(self, evidence: Evidence) -> str:
        self.kept.append(evidence)
        return "evidence/kept.json"

    async def _recorded(self, _log: Log, size: int) -> list[Recorded]:
        """The steps, as the ledger has them."""
        heads = [Recorded(step.head.root, step.head, step.at) for step in self.steps if step.head.size == size]
        ends = [step for step in self.steps if step.end == size < step.head.size]
        return heads + [Recorded(Edge(size, step.edge).root(), step.head, step.at, step) for step in ends]

    def _rewound(self, log: Log) -> None:
        self.rewinds += 1
        self.arrivals = [one for one in self.arrivals if one.page.end <= self.status.verified]

    @asynccontextmanager
    async def following(self) -> AsyncIterator[Bench]:
        """The follower at work beside the test."""
        task = asyncio.get_running_loop().create_task(self.follower.run())
        try:
            yield self
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def follow(self, seconds: float) -> Bench:
        """Follows for so long, or until it ends by itself; for one run of a follower."""
        async with self.following():
            for _ in range(100):
                if not self.ended():
                    await self.clock.sleep(seconds / 100)
        return self

    def resumed(self) -> Origin:
        """Where the next run begins, as the state would have it."""
        step = self.steps[-1]
        return Origin(Point("now"), step.end, step.edge, step.head, step.at, self.freezes[-1] if self.freezes else None)

    def accepted(self) -> Origin:
        """The same, after a human had it go on."""
        origin = self.resumed()
        assert origin.freeze is not None
        accepted = replace(origin.freeze, accepted=self.clock.now())
        return replace(origin, freeze=accepted, accepted=origin.accepted.and_also(self.evidence[-1]))

    def ended(self) -> str:
        """Why it ended; empty while it goes on."""
        return self.status.finished

    def health(self) -> Health:
        """Of the log, now."""
        return self.status.health

    @property
    def texts(self) -> list[str]:
        """What was noticed, for people: without what only --verbose shows."""
        return [text for level, text in self.notices if level != "debug"]

    def read(self) -> list[int]:
        """The indices that arrived since what was read again, in the order of their arrival."""
        return [index for one in self.arrivals for index in range(one.page.first, one.page.end)]

    def check(self, start: int = 0, end: int | None = None, verified: int | None = None) -> None:
        """All of [start, end) arrived once, in order, as it stands in the log, proven by a chain of steps."""
        end = self.log.size if end is None else end
        assert self.read() == list(range(start, end))
        leaves = b"".join(one.page.leaf_hashes for one in self.arrivals)
        assert leaves == self.log.tree.hashes(0, start, end)
        assert self.wire.beyond == []
        self.check_steps(start, end if verified is None else verified)
        assert self.status.position == end
        assert self.budget.used == 0

    def check_steps(self, start: int, end: int) -> None:
        """An anchor at `start`, then steps without a gap up to `end`, each with the edge of the log's own tree."""
        at = start
        for number, step in enumerate(self.steps):
            assert step.start == at or step.note, number
            at = step.end
            assert Edge(step.end, step.edge).root() == self.log.tree.root(step.end)
            assert step.head.root == self.log.tree.root(step.head.size)
        assert at == end == self.status.verified


def flipped(world: World, log: FakeLog, count: int, *places: int, times: int | None = None) -> Fault:
    """Fills an empty log with `count` entries; the fault serves other ones at `places`, which the log never signed."""
    twin = FakeLog(log.name, log.protocol, world.clock, log.settings, seed=1)
    issued = sources(world)
    for each in (log, twin):
        each.extend_raw(issued, count)
        each.publish()
    for at in places:
        other = Submission.of(world.ca.issue([f"flipped{at}.example.com"]))
        twin.entries[at] = Entry(at, twin.entries[at].timestamp, other, leaf_index=log.settings.leaf_index)

    def act(request: Request) -> Response | None:
        other = twin.serve(replace(request, log=twin))
        return other if other.body != log.serve(request).body else None

    return Fault(act, frozenset({"get-entries", "tile/data"}), times)
