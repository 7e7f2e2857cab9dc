"""From pages to blocks, in the core's thread: each shape is serialised once a page, each framing once, each choice of
entries once."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from certhia._core import Form, Issuers, Page, Sightings, Source
from certhia.model import Log
from certhia.stream.client import Block
from certhia.stream.groups import Group, Plan, Shape, form_of


class Spoken(Protocol):
    """Messages of a page: `certhia._core.Messages`, or what others said."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> bytes: ...

    @property
    def positions(self) -> list[int]: ...

    def frames(self, framing: str, positions: bytes | None = None) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page on its way to clients.

    Attributes:
        log: whose entries they are.
        source: what messages say of the log.
        page: the entries.
        seen: Unix seconds when they were read.
        verified: entries with an index below this one are proven.
        order: "arrival", or "proof" for what comes again once it is proven.
    """

    log: Log
    source: Source
    page: Page
    seen: float
    verified: int
    order: str = "arrival"

    def messages(self, shape: Shape, issuers: Issuers, positions: bytes | None = None) -> Spoken:
        """What is sent of it; `positions` as in `certhia._core.Page.messages`."""
        return self.page.messages(
            _form(shape), self.source, issuers, seen=self.seen, verified=self.verified, positions=positions
        )


@dataclass(slots=True)
class Memory:
    """What was seen before, in each order; for one thread at a time."""

    capacity: int
    _seen: dict[str, Sightings] = field(default_factory=dict)

    def fresh(self, sheet: Sheet) -> bytes:
        """Positions of first sightings; they are remembered."""
        if (seen := self._seen.get(sheet.order)) is None:
            seen = self._seen[sheet.order] = Sightings(self.capacity)
        return seen.fresh(sheet.page)


def make(plan: Plan, sheets: Sequence[Sheet], issuers: Issuers, memory: Memory, at: float) -> list[tuple[Group, Block]]:
    """The blocks of some pages, in order, one for each group that gets anything. `at`: monotonic seconds, now."""
    pieces: defaultdict[Group, list[Block]] = defaultdict(list)
    for sheet in sheets:
        choices: defaultdict[Shape, list[tuple[Group, bytes | None]]] = defaultdict(list)
        for group, positions in _chosen(plan, sheet, memory):
            choices[group.shape].append((group, positions))
        for shape, takers in choices.items():
            for group, block in _blocks(shape, takers, sheet, issuers, at):
                pieces[group].append(block)
    return [(group, _joined(blocks)) for group, blocks in pieces.items()]


def _chosen(plan: Plan, sheet: Sheet, memory: Memory) -> Iterable[tuple[Group, bytes | None]]:
    """Who gets what of a page: positions (16 bits each, little-endian), or None for all."""
    order, log = sheet.order, sheet.log
    fresh = memory.fresh(sheet) if order in plan.fresh else None
    for group in plan.plain.get(order, ()):
        positions = fresh if group.wanted.dedupe else None
        if group.takes(log) and (positions is None or positions):
            yield group, positions
    if plan.audience is None or order not in plan.chosen:
        return
    for number, positions in plan.audience.select(sheet.page, fresh):
        for group in plan.filtered[number]:
            if group.wanted.order == order and group.takes(log):
                yield group, positions


def _blocks(
    shape: Shape, takers: Sequence[tuple[Group, bytes | None]], sheet: Sheet, issuers: Issuers, at: float
) -> Iterable[tuple[Group, Block]]:
    """The blocks of those who want the same shape of a page."""
    choices = [positions for _, positions in takers if positions is not None]
    wanted = _all(choices) if len(choices) == len(takers) else None
    page = sheet.page
    messages = sheet.messages(shape, issuers, wanted)
    if not len(messages):
        return
    asked = len(page) if wanted is None else len(wanted) // 2
    known = None if len(messages) == asked else frozenset(messages.positions)
    made: dict[tuple[str, bytes | None], Block | None] = {}
    for group, positions in takers:
        key = group.wanted.framing, positions
        if key not in made:
            made[key] = _block(messages, group.wanted.framing, positions, sheet, at, known)
        if (block := made[key]) is not None:
            yield group, block


def _block(
    messages: Spoken, framing: str, positions: bytes | None, sheet: Sheet, at: float, known: frozenset[int] | None
) -> Block | None:
    """`known`: the positions that there are messages of; None where there is one of each that was asked for."""
    if positions is None:
        there = messages.positions
        first, last, count = there[0], there[-1], len(there)
    elif known is None:
        first, last = int.from_bytes(positions[:2], "little"), int.from_bytes(positions[-2:], "little")
        count = len(positions) // 2
    else:
        there = [one for one in array("H", positions) if one in known]
        if not there:
            return None
        first, last, count = there[0], there[-1], len(there)
    begin, log_id = sheet.page.first, sheet.log.id
    return Block(messages.frames(framing, positions), count, (log_id, begin + first), (log_id, begin + last), at)


def _joined(blocks: Sequence[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    count = sum(block.count for block in blocks)
    return Block(b"".join(block.data for block in blocks), count, blocks[0].first, blocks[-1].last, blocks[0].at)


def _all(choices: Iterable[bytes]) -> bytes:
    """Every position that somebody chose."""
    return array("H", sorted({one for choice in choices for one in array("H", choice)})).tobytes()


@lru_cache(maxsize=32)
def _form(shape: Shape) -> Form:
    return form_of(shape)
