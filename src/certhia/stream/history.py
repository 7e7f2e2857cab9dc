"""What was sent, on disk and bounded, so that clients can go on where they were.

    hub ──▶ record: what is new of a batch ──▶ newest file (a thread) ──▶ index, in memory ──▶ place, replay (a thread)

Pages and proofs are recorded in the order of sending, before they are sent: the death of the process costs nothing,
and what a power cut takes is found missing at the next start. It is best effort, and says so: where the disk fails the
streams go on without it, who comes back is told what is missing, and recording is tried again every minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, Self

from certhia._core import Issuers, Page
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.model import Tell
from certhia.stream import known, places
from certhia.stream.blocks import Sheet
from certhia.stream.disk import Disk
from certhia.stream.disk import boot as this_boot
from certhia.stream.doubt import Doubt, Run
from certhia.stream.index import Index, Piece
from certhia.stream.places import NOT_RECORDED, TOO_OLD, Missing, Order, Place
from certhia.stream.reading import Given, Read, Reader, Shelf
from certhia.stream.recorder import Draft
from certhia.stream.records import Kind
from certhia.stream.since import Since

LEAST: Final = 16_000_000  # bytes that a history must be allowed, to be of any use
PART: Final = 4 << 20  # bytes of a page that are recorded as one, and that are written at once


class Recorded(NamedTuple):
    """What became of a batch.

    Attributes:
        number: of its last sheet; grows whether it could be recorded or not.
        sheets: what is to be sent. Of pages that were recorded before with the same leaf hashes only what is new.
        missing: what nobody was sent and nobody will be, as it stands before these sheets: for those who are sent them.
    """

    number: int
    sheets: list[Sheet]
    missing: list[tuple[Order, Missing]]


class History:
    """Records what is sent, and finds it again.

    Attributes:
        disk: where it is.
        shelf: what was read of it lately.
    """

    def __init__(self, disk: Disk, doubt: Doubt, clock: Clock, tell: Tell) -> None:
        """Use `open`."""
        self.disk = disk
        self.shelf = Shelf()
        self.clock = clock
        self._doubt = doubt
        self._tell = tell
        self._told = set[Path]()  # files that are damaged
        self._lock = asyncio.Lock()
        self._under_way = set[asyncio.Task[Recorded]]()

    @classmethod
    async def open(cls, directory: Path, size: int, clock: Clock, tell: Tell, *, boot: str | None = None) -> Self:
        """Opens the history in a directory, which is made where it isn't there, of at most `size` bytes.

        What is wrong with it is told, and never raised. `boot`: what this run of the machine is called.
        """
        disk = Disk(directory, size, clock, tell, this_boot() if boot is None else boot)
        sound = await disk.load()
        return cls(disk, Doubt(disk.index, Run(clock.now(), sound)), clock, tell)

    async def close(self) -> None:
        """Ends in order; nothing may be sent after that. Idempotent."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.disk.close()

    @property
    def index(self) -> Index:
        """What there is."""
        return self.disk.index

    @property
    def last(self) -> int:
        """The number of what was recorded last, or could not be."""
        return self.index.next - 1

    @property
    def trouble(self) -> str:
        """Why nothing is recorded now; empty while all is well."""
        return self.disk.trouble

    def place(self, since: Since, order: Order) -> Place:
        """Where a client goes on."""
        return places.find(self.index, since, order)

    async def read(self, reader: Reader, given: Sequence[Given]) -> Read:
        """A block of a replay, in its turn. What can't be read is told."""
        try:
            return await self.disk.read(reader.read, given, self.clock.monotonic())
        except OSError as error:
            return Read(None, 0, 0, error)

    def damaged(self, piece: Piece, fault: OSError | Malformed) -> str:
        """Why entries that should be there are missing; told once a file."""
        segment = piece.stored.segment
        if piece.stored.sequence < self.index.first:
            return TOO_OLD
        if segment.path not in self._told:
            self._told.add(segment.path)
            self._tell(
                f"{segment.path}: can't be read where it should hold entries {piece.start} to {piece.end - 1} of a log "
                f"({fault}): clients that go on there are told so; see to the disk",
                level="warning",
            )
        return NOT_RECORDED

    # --- recording ---

    async def record(self, sheets: Sequence[Sheet], issuers: Issuers) -> Recorded:
        """Records what is sent next; for one caller, who sends in this order. A caller that is cancelled leaves it
        recorded."""
        work = asyncio.get_running_loop().create_task(self._record(sheets, issuers))
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)
        return await asyncio.shield(work)

    async def _record(self, sheets: Sequence[Sheet], issuers: Issuers) -> Recorded:
        async with self._lock:
            fresh = await self._fresh(sheets)
            logs = {sheet.log.id: sheet.log for sheet in fresh}
            missing = list(self._missing(fresh))
            drafts = list(self._drafts(fresh))
            while drafts:
                batch = _batch(drafts)
                written = await self.disk.write(batch, logs, issuers, self._doubt.run)
                if written < len(batch):
                    self.index.unrecorded((one.kind, one.log_id, one.first, one.end) for one in drafts)
                    break
                del drafts[:written]
            return Recorded(self.last, fresh, missing)

    async def _fresh(self, sheets: Sequence[Sheet]) -> list[Sheet]:
        """Sheets with what is new of their pages."""
        fresh, ends = list[Sheet](), dict[bytes, int]()
        for sheet in sheets:
            end = ends.get(sheet.log.id, 0)  # what came of the log in this batch
            # A log that goes back within a batch: what is there to compare with is not recorded yet.
            one = await self._new(sheet) if sheet.order != "proof" and sheet.page.first >= end else sheet
            if sheet.order != "proof":
                ends[sheet.log.id] = max(end, sheet.page.end)
            if one is not None:
                fresh.append(one)
        return fresh

    async def _new(self, sheet: Sheet) -> Sheet | None:
        """A sheet with what is new of its page; None where nothing is."""
        reach, page = self.index.reaches.get(sheet.log.id), sheet.page
        if reach is None or page.first >= reach.end:
            return sheet
        pieces, _ = self.index.covering(sheet.log.id, (page.first, min(page.end, reach.end)))
        try:
            part = await self.disk.read(known.new, page, pieces, reach.end)
        except OSError:
            return sheet  # it can't be told
        return None if part is None else replace(sheet, page=part)

    def _missing(self, sheets: Sequence[Sheet]) -> Iterator[tuple[Order, Missing]]:
        """Where a log is ahead of what was sent of it: it skipped something, or what was sent is lost."""
        orders: tuple[Order, Order] = ("arrival", "proof")
        known = {order: places.ends(self.index.reaches, order) for order in orders}
        for sheet in sheets:
            order = orders[1] if sheet.order == "proof" else orders[0]
            log_id, first = sheet.log.id, sheet.page.first
            end = known[order].get(log_id)
            if (end or 0) < first and (end is not None or self.index.losses):
                yield order, Missing(log_id, end, first, NOT_RECORDED)
            known[order][log_id] = max(sheet.page.end, end or 0)

    def _drafts(self, sheets: Sequence[Sheet]) -> Iterator[Draft]:
        for sheet in sheets:
            log_id, page = sheet.log.id, sheet.page
            if sheet.order == "proof":
                # Of what could not be recorded there may be something else: it is not what was proven.
                for first, end in self.index.recorded(log_id, (page.first, page.end)):
                    flags = self._doubt.proof(log_id, first)
                    yield Draft(Kind.PROVEN, flags, log_id, first, end, self.clock.now())
                continue
            for part in _parts(page):
                flags = self._doubt.page(log_id, part)
                yield Draft(Kind.PAGE, flags, log_id, part.first, part.end, sheet.seen, part)


def _parts(page: Page) -> Iterator[Page]:
    """A page in parts that are not too large, each of one entry at least."""
    if page.nbytes <= PART or len(page) == 1:
        yield page
        return
    half = page.first + len(page) // 2
    yield from _parts(page.slice(page.first, half))
    yield from _parts(page.slice(half, page.end))


def _batch(drafts: Sequence[Draft]) -> list[Draft]:
    """The first of them, as many as are written at once."""
    batch, nbytes = list[Draft](), 0
    for draft in drafts:
        nbytes += draft.page.nbytes if draft.page is not None else 0
        if batch and nbytes > PART:
            break
        batch.append(draft)
    return batch
