"""From pages to blocks, in the core's thread: each shape is serialised once a page, each framing once, each choice of
entries once."""

from __future__ import annotations

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol

from certhia._core import Form, Issuers, Page, Sightings, Source
from certhia.model import Log
from certhia.stream.client import Block
from certhia.stream.groups import Group, Plan, Scope, Shape, form_of

LARGE: Final = 256 << 10  # bytes that small blocks are joined to, at most
_TOGETHER: Final = {"full": 128}  # entries of a page that are written at once, by kind


class Spoken(Protocol):
    """Messages of a page: `certhia._core.Messages`, or what others said."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> bytes: ...

    @property
    def positions(self) -> list[int]: ...

    def frames(self, framing: str, positions: bytes | None = None) -> bytes: ...

    def choices(self, framing: str, choices: Sequence[bytes]) -> list[tuple[bytes, int, int, int]]: ...


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


Choice = tuple[Group, bytes | None]
"""What a group wants of a page: entries at some positions, or all of them."""


@dataclass(slots=True)
class Memory:
    """What was seen before by those who want each certificate once; for one thread at a time.

    Whoever wants the same entries sees the same, however they are sent: what passes no filter of theirs they have not
    seen. All share the room for `capacity` sightings; what is forgotten is sent again.
    """

    capacity: int
    _seen: Sightings | None = None
    _numbers: dict[Scope, int] = field(default_factory=dict)  # of those who look
    _given: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self, plan: Plan, page: Page, choices: Sequence[Choice]) -> list[Choice]:
        """The same choices, of those who want each once with first sightings only; these are remembered."""
        seen = self._seen
        if seen is None:
            seen = self._seen = Sightings(self.capacity)
        if not plan.scopes.issuperset(self._numbers):
            self._numbers = {scope: number for scope, number in self._numbers.items() if scope in plan.scopes}
        wanted = {group.scope: positions for group, positions in choices if group.scope is not None}
        asked = [(self._number(scope), positions) for scope, positions in wanted.items()]
        found = dict(zip(wanted, seen.fresh_among(page, asked), strict=True))
        return [(group, positions if group.scope is None else found[group.scope]) for group, positions in choices]

    def resize(self, capacity: int) -> None:
        """Has room for so many from now on; what was seen before is forgotten. For any thread."""
        if capacity != self.capacity:
            self.capacity, self._seen = capacity, None

    def forget(self) -> None:
        """Nobody has seen anything: for where nobody knows what was sent."""
        self._numbers.clear()

    def _number(self, scope: Scope) -> int:
        known = self._numbers.get(scope)
        if known is None:
            known = self._numbers[scope] = next(self._given)
        return known


def make(plan: Plan, sheets: Sequence[Sheet], issuers: Issuers, memory: Memory, at: float) -> list[tuple[Group, Block]]:
    """The blocks of some pages, for each group in order: one, or more where they would be large. `at`: monotonic
    seconds, now."""
    pieces: defaultdict[Group, list[Block]] = defaultdict(list)
    try:
        for sheet in sheets:
            for shape, takers in _chosen(plan, sheet, memory).items():
                for groups, block in _blocks(shape, takers, sheet, issuers, at):
                    for group in groups:
                        pieces[group].append(block)
    except Exception:
        memory.forget()  # nothing of these is sent: it may come again
        raise
    made = list[tuple[Group, Block]]()
    for group, blocks in pieces.items():
        if len(blocks) == 1:
            made.append((group, blocks[0]))
        else:
            made += [(group, block) for block in _joined(blocks)]
    return made


_Chosen = defaultdict[bytes, list[Group]]
"""Who wants entries at some positions."""


@dataclass(slots=True)
class _Takers:
    """Who wants a page in one shape, by framing: of all its entries, or of those at some positions."""

    whole: defaultdict[str, list[Group]] = field(default_factory=lambda: defaultdict(list))
    chosen: defaultdict[str, _Chosen] = field(default_factory=lambda: defaultdict(lambda: _Chosen(list)))


def _chosen(plan: Plan, sheet: Sheet, memory: Memory) -> dict[Shape, _Takers]:
    """Who gets what of a page; positions are 16 bits each, little-endian."""
    order, log = sheet.order, sheet.log
    choices: list[Choice] = [(group, None) for group in plan.plain.get(order, ()) if group.takes(log)]
    if plan.audience is not None and order in plan.chosen:
        filtered = plan.filtered
        for number, positions in plan.audience.select(sheet.page):
            for one in filtered[number]:
                if one.order == order and (one.everywhere or one.takes(log)):
                    choices.append((one, positions))  # noqa: PERF401  (most have one: a list for it takes twice as long)
    if order in plan.fresh:
        choices = memory.fresh(plan, sheet.page, choices)
    takers: defaultdict[Shape, _Takers] = defaultdict(_Takers)
    shape, framing, chosen = None, "", _Chosen(list)
    for group, wanted in choices:
        if wanted is None:
            takers[group.shape].whole[group.framing].append(group)
        elif wanted:
            if group.shape is not shape or group.framing is not framing:
                shape, framing = group.shape, group.framing
                chosen = takers[shape].chosen[framing]
            chosen[wanted].append(group)
    return takers


def _blocks(
    shape: Shape, takers: _Takers, sheet: Sheet, issuers: Issuers, at: float
) -> Iterable[tuple[Sequence[Group], Block]]:
    """The blocks of those who want the same shape of a page. Of what nobody chose among there is a part of a page at a
    time, where messages are long: all of them would not fit a processor's cache."""
    if not takers.whole:
        wanted = _all([positions for some in takers.chosen.values() for positions in some])
        yield from _choices(takers, sheet.messages(shape, issuers, wanted), sheet, at)
        return
    most = len(sheet.page) if takers.chosen else _TOGETHER.get(shape[0], len(sheet.page))
    for start in range(0, len(sheet.page), most or 1):
        upto = min(start + most, len(sheet.page))
        part = None if most == len(sheet.page) else array("H", range(start, upto)).tobytes()
        messages = sheet.messages(shape, issuers, part)
        if not (there := messages.positions):
            continue
        log_id, begin = sheet.log.id, sheet.page.first
        first, last = (log_id, begin + there[0]), (log_id, begin + there[-1])
        for framing, groups in takers.whole.items():
            yield groups, Block(messages.frames(framing), len(there), first, last, at)
        yield from _choices(takers, messages, sheet, at)


def _choices(takers: _Takers, messages: Spoken, sheet: Sheet, at: float) -> Iterable[tuple[Sequence[Group], Block]]:
    log_id = sheet.log.id
    for framing, some in takers.chosen.items():
        told = messages.choices(framing, list(some))
        for groups, (data, count, first, last) in zip(some.values(), told, strict=True):
            if count:
                begin = log_id, first
                yield groups, Block(data, count, begin, begin if first == last else (log_id, last), at)


def _joined(blocks: Sequence[Block]) -> Iterable[Block]:
    """Small ones become one."""
    out, begun, size = list[Block](), 0, 0
    for number, block in enumerate(blocks):
        if size and size + len(block.data) > LARGE:
            out.append(_one(blocks[begun:number]))
            begun, size = number, 0
        size += len(block.data)
    out.append(_one(blocks[begun:]))
    return out


def _one(blocks: Sequence[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    count = sum(block.count for block in blocks)
    return Block(b"".join(block.data for block in blocks), count, blocks[0].first, blocks[-1].last, blocks[0].at)


def _all(choices: Iterable[bytes]) -> bytes:
    """Every position that somebody chose."""
    return array("H", sorted(set(array("H", b"".join(choices))))).tobytes()


@lru_cache(maxsize=32)
def _form(shape: Shape) -> Form:
    return form_of(shape)
