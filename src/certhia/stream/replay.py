"""One client's way through the history: at its own pace, in the same messages as what comes live.

    next ──▶ which pages come next (index) ──▶ read, filter, serialise (a thread, `reading`) ──▶ a block of some 100 kB

Between two calls nothing is held but a place: a client that is slow costs nothing. One thread serves all replays in
turn, so whoever is sent what comes live never waits for them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import Final

from certhia.stream.client import Block
from certhia.stream.forms import Wanted
from certhia.stream.groups import Group
from certhia.stream.history import History
from certhia.stream.index import Piece, Stored
from certhia.stream.places import NOT_RECORDED, TOO_OLD, Missing, Place, ends
from certhia.stream.reading import Given, Reader
from certhia.stream.records import Kind

ROWS: Final = 512  # that are looked at before others have their turn
ENTRIES: Final = 2048  # that are looked up ahead
PIECES: Final = 64  # of these that are read for one block, at most
PROOF: Final = 65_536  # entries of one proof that are looked up ahead


class Replay:
    """Not for two tasks at once.

    Attributes:
        reached: the number of what was sent last, once `next` has given None.
    """

    def __init__(self, history: History, place: Place, wanted: Wanted) -> None:
        """`place` is one of the order that is wanted."""
        self.reached = place.sequence - 1
        self._history = history
        self._order = place.order
        self._group = Group(wanted)
        self._sequence = place.sequence  # of the next row
        self._entry = place.index  # in that row, where it goes on
        self._expected = dict(place.expected)
        self._lost = bool(history.index.losses)  # whether a log that isn't known may have been forgotten
        self._items: deque[Piece | Missing] = deque(one for one in place.missing if self._takes(one.log_id))
        self._reader = Reader(self._group, history.shelf)

    async def next(self) -> Block | Missing | None:
        """What the client is sent next; None where it has all, and may be joined to what comes live."""
        while True:
            if not self._items:
                if not self._look_ahead():
                    return None
                await asyncio.sleep(0)
            elif isinstance(item := self._items[0], Missing):
                self._items.popleft()
                return item
            elif (block := await self._read()) is not None:
                return block

    # --- which pages come next ---

    def _takes(self, log_id: bytes) -> bool:
        log = self._history.index.logs.get(log_id)
        return log is None or self._group.takes(log)

    def _look_ahead(self) -> bool:
        """Looks some rows up; False at the end, where nothing is left to be sent."""
        entries = 0
        for _ in range(ROWS):
            stored = self._history.index.locate(self._sequence)
            if stored is None:
                self._miss_the_rest()
                self.reached = self._history.last
                return bool(self._items)
            wanted = self._takes(stored.row.log_id)
            if wanted and self._order == "arrival" and stored.row.kind == Kind.PAGE:
                entries += self._page(stored)
            elif wanted and self._order == "proof" and stored.row.kind == Kind.PROVEN:
                entries += self._proof(stored)
            else:
                self._step(stored)
            if entries >= ENTRIES:
                break
        return True

    def _step(self, stored: Stored) -> None:
        self._sequence, self._entry = stored.sequence + 1, 0

    def _page(self, stored: Stored) -> int:
        row = stored.row
        self._miss(row.log_id, row.first, row.log_id in stored.segment.reaches)
        start = max(row.first, self._entry) if stored.sequence == self._sequence else row.first
        if start < row.end:
            described = row.log_id in self._history.index.logs
            piece = Piece(stored, start, row.end)
            self._items.append(piece if described else Missing(row.log_id, start, row.end, NOT_RECORDED))
        self._expected[row.log_id] = max(row.end, self._expected.get(row.log_id, 0))
        self._step(stored)
        return max(row.end - start, 0)

    def _proof(self, stored: Stored) -> int:
        """The pages that a proof covers, each as it was recorded last before the proof."""
        index, row = self._history.index, stored.row
        self._miss(row.log_id, row.first, row.log_id in stored.segment.reaches)
        start = max(row.first, self._expected.get(row.log_id, 0))
        end = min(row.end, start + PROOF)
        if start < end:
            pieces, missing = index.proven(row.log_id, (start, end), stored.sequence)
            gone = ends(index.before(index.first), "arrival").get(row.log_id, 0)
            lost = [Missing(row.log_id, *span, TOO_OLD if span[0] < gone else NOT_RECORDED) for span in missing]
            if row.log_id not in index.logs:
                pieces, lost = [], [Missing(row.log_id, start, end, NOT_RECORDED)]
            self._items += sorted([*pieces, *lost], key=_start)
            self._expected[row.log_id] = end
        if end >= row.end:
            self._step(stored)
        return max(end - start, 0)

    def _miss(self, log_id: bytes, first: int, before: bool = True) -> None:
        """Tells of what is missing where a log is ahead of what the client expects of it, as far as that is known.

        `before`: whether it was known before what is looked at.
        """
        expected = self._expected.get(log_id)
        if expected is None and not (self._lost or before):
            return  # it is followed from here on
        if (expected or 0) < first:
            reason = TOO_OLD if self._sequence < self._history.index.first else NOT_RECORDED
            self._items.append(Missing(log_id, expected, first, reason))
            self._expected[log_id] = first

    def _miss_the_rest(self) -> None:
        """Tells of what was sent and not recorded since."""
        for log_id, end in ends(self._history.index.reaches, self._order).items():
            if self._takes(log_id):
                self._miss(log_id, end)

    # --- reading them ---

    async def _read(self) -> Block | None:
        """A block of what was looked up; None where nothing of it fits."""
        index, given = self._history.index, list[Given]()
        for item in islice(self._items, PIECES):
            if isinstance(item, Missing):
                break
            given.append(Given(item, index.logs[item.stored.row.log_id], self._verified(item)))
        read = await self._history.read(self._reader, given)
        for _ in range(read.done):
            self._items.popleft()
        if read.upto:
            piece = given[read.done].piece
            self._items[0] = piece._replace(start=read.upto)
        elif read.fault is not None:
            piece = given[read.done].piece
            reason = self._history.damaged(piece, read.fault)
            self._items[0] = Missing(piece.stored.row.log_id, piece.start, piece.end, reason)
        return read.block

    def _verified(self, piece: Piece) -> int:
        """Entries of a piece below this index are proven."""
        if self._order == "proof":
            return piece.end
        return self._history.index.verified(piece)


def _start(item: Piece | Missing) -> int:
    return item.start or 0
