"""Whatever happens to the server and its disk: a client that comes back gets every entry, or is told which it doesn't.

Three logs grow, are read, rewound and proven; the process ends in order or not, the power goes and the last file is cut
anywhere, bytes rot, the disk is full for a while; clients come, leave at any message, and come back with its cursor.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stream.histories import ISSUERS, A, B, C, Kept, Message, a_page, cursor, messages, wanted

from certhia.model import Log
from certhia.stream import since
from certhia.stream.blocks import Memory, Sheet, make
from certhia.stream.client import Block
from certhia.stream.groups import Group, Plan
from certhia.stream.history import History
from certhia.stream.places import Missing, Order, Place
from certhia.stream.reading import source_of
from certhia.stream.replay import Replay

LOGS = (A, B, C)
LONG = 400.0  # seconds: longer than a log's clock may be off


@dataclass
class Follows:
    """A log and how far the server is with it. What is proven survives everything: it is in the state."""

    log: Log
    submitted: list[float] = field(default_factory=list)  # when each entry was
    position: int = 0
    sent: int = 0
    verified: int = 0
    flipped: dict[int, int] = field(default_factory=dict)  # versions of entries that are served wrongly

    def page(self, end: int) -> Sheet:
        """What is read next."""
        page = a_page(
            self.log,
            self.position,
            end,
            at=self.submitted.__getitem__,
            version=lambda index: self.flipped.get(index, 0),
        )
        self.position = end
        self.sent = max(self.sent, end)
        return Sheet(self.log, source_of(self.log), page, 0.0, 0)

    def proof(self, end: int) -> Sheet:
        """What is proven next."""
        page = a_page(self.log, self.verified, end, at=self.submitted.__getitem__)
        self.verified = end
        return Sheet(self.log, source_of(self.log), page, 0.0, end, "proof")


@dataclass
class Listener:
    """A client, and what it knows: of each log the entry it expects, and those that it has."""

    order: Order
    last: str = ""  # cursor
    here: bool = False
    expected: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    has: dict[str, set[int]] = field(default_factory=dict)  # right ones
    told: dict[str, set[int]] = field(default_factory=dict)
    unsure: dict[str, int] = field(
        default_factory=dict
    )  # logs that it is told nothing of but that something is missing
    any: dict[str, set[int]] = field(default_factory=dict)  # right or wrong
    repeats: int = 0

    def hear(self, one: Message | Missing) -> None:
        if isinstance(one, Missing):
            name = one.log_id[:8].hex()
            start = self.expected.get(name, one.end) if one.start is None else one.start
            if one.end is None:
                self.unsure[name] = start or 0
                self.expected.pop(name, None)
            else:
                self.told.setdefault(name, set()).update(range(start or 0, one.end))
                self.expected[name] = max(self.expected.get(name, 0), one.end)
            return
        name, _, number = one.cursor.partition(":")
        index = int(number)
        expected = self.expected.setdefault(name, index)
        if name in self.unsure:
            self.told.setdefault(name, set()).update(range(self.unsure.pop(name), index))
        assert index <= expected, f"{one.cursor} comes where {expected} was to come, and nothing was said"
        self.repeats += index < expected
        self.expected[name] = max(expected, index + 1)
        assert one.version == 0 or not one.verified
        assert self.order == "arrival" or one.verified
        self.any.setdefault(name, set()).add(index)
        if not one.version:
            self.has.setdefault(name, set()).add(index)
        self.last = one.cursor


class Scene:
    """A server, its logs and clients."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.kept = Kept(directory / "history", size=260_000)
        self.chance = random.Random(seed)
        self.logs = [Follows(log) for log in LOGS]
        self.clients = [Listener(order) for order in ("arrival", "arrival", "proof", "proof")]
        self.ill = False  # whether anything happened after which something may come again
        self.lossy = (
            False  # whether what corrected a wrong entry may not be recorded: then who has the wrong one keeps it
        )
        self.history: History | None = None

    async def started(self) -> History:
        if self.history is None:
            self.history = await self.kept.start()
            for log in self.logs:
                log.position = log.verified
        return self.history

    # --- what happens ---

    async def read(self, many: int) -> None:
        """Some logs grow and are read, some are proven; all is recorded and sent together."""
        await self.started()
        batch = []
        for _ in range(1 + many % 3):
            one = self.chance.choice(self.logs)
            one.submitted += [self.kept.clock.now()] * self.chance.randrange(1 + many * 4)
            end = min(len(one.submitted), one.position + 1 + many * 2)
            if end > one.position:
                batch.append(one.page(end))
            if self.chance.random() < 0.4 and one.position > one.verified:
                if any(index >= one.verified for index in one.flipped):
                    one.flipped.clear()  # its proof fails: it is read again, from the verified position
                    one.position = one.verified
                else:
                    batch.append(one.proof(self.chance.randint(one.verified + 1, one.position)))
        await self.send(batch)

    async def send(self, batch: list[Sheet]) -> None:
        history = await self.started()
        recorded = await history.record(batch, ISSUERS)
        for client in self.clients:
            if client.here:
                for order, missing in recorded.missing:
                    if order == client.order:
                        client.hear(missing)
                for one in live(recorded.sheets, client.order):
                    client.hear(one)

    async def wait(self, many: int) -> None:
        self.kept.clock.advance(self.chance.choice((1.0, 30.0, LONG, 4000.0)) * many)

    async def flip(self, many: int) -> None:
        """Entries are served wrongly until it is noticed."""
        one = self.chance.choice(self.logs)
        one.submitted += [self.kept.clock.now()] * many
        low = max(one.verified, one.position)
        one.flipped |= dict.fromkeys(range(low, min(low + many, len(one.submitted))), 1)
        self.ill = True

    async def leave(self, many: int) -> None:
        self.clients[many % len(self.clients)].here = False

    async def come(self, many: int) -> None:
        """A client comes, or comes back; it may leave again on the way."""
        client = self.clients[many % len(self.clients)]
        history = await self.started()
        if client.here:
            return
        if not client.last:
            client.expected = {cursor(one.log, 0)[:16]: one.sent for one in self.logs}
            if client.order == "proof":
                client.expected = {cursor(one.log, 0)[:16]: one.verified for one in self.logs}
            client.begun = dict(client.expected)
            client.here = True
            return
        replay = Replay(history, self.place(history, client), wanted(client.order))
        blocks = 10**6 if many > 3 else many
        for _ in range(blocks):
            item = await replay.next()
            if item is None:
                client.here = True
                return
            for one in messages(item) if isinstance(item, Block) else [item]:
                client.hear(one)

    def place(self, history: History, client: Listener) -> Place:
        return history.place(since.read(client.last, 0.0), client.order)

    async def end(self, many: int) -> None:
        """The server ends: in order, or not."""
        if self.history is None:
            return
        for client in self.clients:
            client.here = False
        if many % 2:
            await self.history.close()
        else:
            self.history.disk.abandon()  # what is recorded before it is sent is not lost
        self.history = None

    async def cut(self, many: int) -> None:
        """The power goes: the last file ends anywhere."""
        if self.history is None:
            return  # what ended in order is safe
        await self.end(2)
        self.kept.boot += 1
        self.ill = self.lossy = True
        if self.kept.files:
            last = self.kept.files[-1]
            size = last.stat().st_size
            with last.open("r+b") as file:
                file.truncate(max(0, size - self.chance.randrange(1 + 400 * many)))

    async def rot(self, many: int) -> None:
        """A byte of some file changes while nobody looks."""
        await self.end(many)
        self.ill = True
        if self.kept.files:
            path = self.chance.choice(self.kept.files)
            data = bytearray(path.read_bytes())
            if data:
                data[self.chance.randrange(len(data))] ^= 1 + self.chance.randrange(255)
                path.write_bytes(data)

    async def fill(self, _many: int) -> None:
        """The disk has no room when the server starts again."""
        await self.end(1)
        history = await self.started()
        full = self.kept.directory / f"{history.last + 1:016x}.history"
        if not full.exists():
            full.symlink_to("/dev/full")
            self.ill = self.lossy = True


def live(sent: list[Sheet], order: Order) -> list[Message]:
    """What is sent to who is there."""
    plan = Plan((Group(wanted(order)),))
    return [one for _, block in make(plan, sent, ISSUERS, Memory(100), 0.0) for one in messages(block)]


async def play(directory: Path, seed: int, steps: list[tuple[str, int]]) -> Scene:
    scene = Scene(directory, seed)
    for name, many in steps:
        await getattr(scene, name)(many)
    # The end: all come back, and the server reads on until nothing is left.
    await scene.wait(1)
    for one in scene.logs:
        one.flipped.clear()
    history = await scene.started()
    for number in range(len(scene.clients)):
        await scene.come(number + 4 * len(scene.clients))
    for one in scene.logs:
        one.position = one.verified
        if one.position < len(one.submitted):
            await scene.send([one.page(len(one.submitted))])
            await scene.send([one.proof(one.position)])
    await history.close()
    return scene


def check(scene: Scene) -> None:
    """Each client has every entry since it came, or was told which it has not."""
    for client in scene.clients:
        if not client.last:
            continue
        for one in scene.logs:
            name = cursor(one.log, 0)[:16]
            if name in client.unsure:  # it was told that all from there on may be missing, and nothing came since
                client.hear(Missing(one.log.id, client.unsure.pop(name), len(one.submitted), ""))
            assert client.expected[name] == len(one.submitted) == one.verified
            due = set(range(client.begun[name], len(one.submitted)))
            has = client.any if scene.lossy else client.has
            missing = due - has.get(name, set()) - client.told.get(name, set())
            assert not missing, f"{client.order} {name}: {sorted(missing)}"
    if not scene.ill:
        assert sum(client.repeats for client in scene.clients) == 0


KINDS = ("read", "read", "read", "read", "wait", "flip", "leave", "come", "come", "end", "cut", "rot", "fill")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 12)), max_size=60)


@settings(max_examples=30)
@given(steps=STEPS, seed=st.integers(0, 10_000))
def test_every_entry_or_word_of_it(steps: list[tuple[str, int]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        scene = asyncio.run(play(Path(directory), seed, steps))
    check(scene)
