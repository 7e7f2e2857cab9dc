"""Pages of made-up logs, and a history that is told of them and read again, as the hub and clients do it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from certhia._core import Issuers, Page
from certhia.model import Log, Protocol
from certhia.stream import since
from certhia.stream.blocks import Sheet
from certhia.stream.client import Block
from certhia.stream.forms import Wanted
from certhia.stream.history import History
from certhia.stream.places import Missing, Order, Place
from certhia.stream.reading import source_of
from certhia.stream.replay import Replay
from certhia.testing import CA, SimClock, Template, templates
from certhia.testing.entries import Entry

SIZE = 64_000_000  # bytes
ISSUERS = Issuers()
START = 1_795_000_000.0  # Unix seconds: when simulated time begins


def a_log(name: str) -> Log:
    """A log of that name; its id begins with it."""
    url = f"https://{name}.example/"
    return Log(name.encode().ljust(32, b"\0"), b"", f"Log {name}", "Ops", Protocol.RFC6962, url, url)


A, B, C = map(a_log, ("alpha", "beta", "gamma"))


@cache
def _template() -> Template:
    issued = CA(clock=SimClock(START)).issue(["www.example.com"], serial=1 << 100)
    for der in issued.chain:
        ISSUERS.add(der)
    return templates([issued])[0]


@cache
def _leaf(first: int, index: int, at: float, version: int) -> bytes:
    return Entry(index, int(at * 1000), _template(), serial=(version << 40) + (first << 32) + index).tile_leaf


def a_page(
    log: Log,
    first: int,
    end: int,
    *,
    at: float | Callable[[int], float] = START,
    version: int | Callable[[int], int] = 0,
) -> Page:
    """Entries [first, end) of a log, submitted at a time (Unix seconds); those of another version are others."""
    pages = []
    for low in range(first, end, 256):
        indices = range(low, min(low + 256, end))
        leaves = [_leaf(log.id[0], one, _of(at, one), int(_of(version, one))) for one in indices]
        pages.append(Page.from_tile(b"".join(leaves), low))
    return Page.join(pages) if len(pages) > 1 else pages[0]


def _of(value: float | Callable[[int], float], index: int) -> float:
    return value(index) if callable(value) else value


def sheet(
    log: Log, first: int, end: int, *, at: float = START, seen: float = START, version: int = 0, like: Log | None = None
) -> Sheet:
    """A page as the hub sends it when it arrives. `like`: the certificates of another log."""
    return Sheet(log, source_of(log), a_page(like or log, first, end, at=at, version=version), seen, 0)


def proof(log: Log, first: int, end: int, *, seen: float = START) -> Sheet:
    """A page as the hub sends it once it is proven."""
    return Sheet(log, source_of(log), a_page(log, first, end), seen, end, "proof")


@dataclass
class Kept:
    """A history in a directory, which may be closed, killed and opened again."""

    directory: Path
    size: int = SIZE
    clock: SimClock = field(default_factory=lambda: SimClock(START))
    said: list[str] = field(default_factory=list)
    boot: int = 1  # how often the machine was started

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append(text)

    async def start(self) -> History:
        return await History.open(self.directory, self.size, self.clock, self.tell, boot=str(self.boot))

    @asynccontextmanager
    async def open(self, *, ends: bool = True) -> AsyncIterator[History]:
        """`ends`: in order; else as if the process had died."""
        history = await self.start()
        try:
            yield history
        finally:
            if ends:
                await history.close()
            else:
                history.disk.abandon()

    @property
    def files(self) -> list[Path]:
        return sorted(one for one in self.directory.glob("*.history") if not one.is_symlink())


async def record(history: History, *sheets: Sheet) -> list[tuple[str, int, int]]:
    """Records sheets together; gives what is to be sent of them."""
    recorded = await history.record(sheets, ISSUERS)
    assert recorded.number == history.last
    return [(one.log.description, one.page.first, one.page.end) for one in recorded.sheets]


@dataclass(frozen=True)
class Message:
    """What a client read of one."""

    cursor: str
    verified: bool
    serial: int

    @property
    def index(self) -> int:
        return int(self.cursor.partition(":")[2])

    @property
    def version(self) -> int:
        return self.serial >> 40


Got = Message | Missing


def messages(block: Block) -> list[Message]:
    """Those of a block of server-sent events."""
    out = []
    for event in block.data.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in event.splitlines() if ": " in line)
        if "data" not in fields:
            continue
        message: dict[str, Any] = json.loads(fields["data"])
        serial = int(message["data"]["leaf_cert"]["serial_number"], 16) & ((1 << 48) - 1)
        assert fields["id"] == message["cursor"]
        out.append(Message(message["cursor"], message["verified"], serial))
    assert len(out) == block.count
    return out


def wanted(order: Order = "arrival", **others: Any) -> Wanted:
    return Wanted(framing="sse", order=order, **others)


async def read(history: History, place: Place, wants: Wanted | None = None, *, most: int = 10**9) -> list[Got]:
    """What a client gets until it has all, or so many blocks."""
    replay = Replay(history, place, wants or wanted(place.order))
    got = list[Got]()
    for _ in range(most):
        item = await replay.next()
        if item is None:
            assert replay.reached == history.last
            break
        got += messages(item) if isinstance(item, Block) else [item]
        await asyncio.sleep(0)
    return got


def place(history: History, text: str, order: Order = "arrival") -> Place:
    """As `?since=` has it."""
    return history.place(since.read(text, START), order)


def flip(path: Path, at: int) -> None:
    """Damages a byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def fill(path: Path, data: bytes) -> None:
    """Has a file hold this."""
    path.write_bytes(data)


def content(path: Path) -> bytes:
    return path.read_bytes()


def cursor(log: Log, index: int) -> str:
    return f"{log.id[:8].hex()}:{index}"


def short(got: Sequence[Got]) -> str:
    """What was got, to be compared: "a0-4 b7 -c5-9" for entries 0 to 4 of alpha, 7 of beta, a gap of gamma."""
    runs = list[tuple[str, int | None, int | None]]()
    for one in got:
        if isinstance(one, Missing):
            runs.append((f"-{chr(one.log_id[0])}", one.start, None if one.end is None else one.end - 1))
            continue
        name, index = chr(bytes.fromhex(one.cursor[:2])[0]), one.index
        before = runs[-1] if runs else ("", 0, 0)
        if before[0] == name and before[2] is not None and before[2] + 1 == index:
            runs[-1] = name, before[1], index
        else:
            runs.append((name, index, index))
    shown = ((name, *("?" if one is None else str(one) for one in ends)) for name, *ends in runs)
    return " ".join(f"{name}{low}" if low == high else f"{name}{low}-{high}" for name, low, high in shown)
