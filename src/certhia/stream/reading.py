"""From stored pages to blocks, in the thread that serves replays: filtered and serialised as what comes live."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from certhia._core import Audience, Issuers, Page, Source
from certhia.errors import Malformed
from certhia.model import Log, Protocol
from certhia.stream import known, packing
from certhia.stream.blocks import Memory, Sheet, make
from certhia.stream.client import Block
from certhia.stream.groups import Group, Plan, is_filtered
from certhia.stream.index import Piece
from certhia.stream.segments import Segment

TARGET: Final = 96 << 10  # bytes of messages in a block
PAGES: Final = 16 << 20  # bytes of pages at hand, for all replays together
CHAINS: Final = 4096  # issuers at hand, likewise
SEEN: Final = 1 << 16  # certificates that a replay remembers, for who wants each once
_FIRST: Final = 32.0  # entries of a block, until it is known what one gives
_MOST: Final = 65_536.0
_FULL: Final = "full"  # the stream that has chains


class Given(NamedTuple):
    """A piece with what there is to say of its entries: the log, and those below `verified` are proven."""

    piece: Piece
    log: Log
    verified: int


class Read(NamedTuple):
    """What became of some pieces: the first `done` were read, of the next one the entries below `upto`.

    `fault`: why that one can't be read.
    """

    block: Block | None
    done: int
    upto: int
    fault: OSError | Malformed | None = None


class Shelf:
    """Pages and issuers that were read lately. For the one thread that reads."""

    def __init__(self) -> None:
        self.issuers = Issuers(CHAINS)
        self._pages: OrderedDict[int, Page] = OrderedDict()  # by sequence
        self._held = 0  # bytes
        self._read: dict[str, int] = {}  # records of issuers that were read, by file

    def page(self, piece: Piece) -> Page:
        """The whole page that a piece is of. Raises OSError, Malformed."""
        sequence = piece.stored.sequence
        if (page := self._pages.get(sequence)) is not None:
            self._pages.move_to_end(sequence)
            return page
        page = known.load(piece)
        self._pages[sequence] = page
        self._held += page.nbytes
        while self._held > PAGES and len(self._pages) > 1:
            self._held -= self._pages.popitem(last=False)[1].nbytes
        return page

    def complete(self, page: Page, segment: Segment) -> None:
        """Has the issuers of a page at hand, as far as the page's file has them. Raises OSError, Malformed."""
        if all(self.issuers.get(one) is not None for one in page.issuers):
            return
        name = segment.path.name
        start = self._read.get(name, 0) if len(self.issuers) < CHAINS else 0
        for offset, length in segment.issuers[start:]:
            for der in packing.unpack_issuers(segment.read(offset, length)):
                self.issuers.add(der)
            start += 1
        self._read = {name: start}


class Reader:
    """Makes one client's blocks. `read` runs in a thread, and is for one caller at a time."""

    def __init__(self, group: Group, shelf: Shelf) -> None:
        self._group = group
        self._shelf = shelf
        self._plan: Plan | None = None
        self._memory = Memory(SEEN)
        self._entries = _FIRST  # that give a block of the right size

    def read(self, given: Sequence[Given], at: float) -> Read:
        """A block of as many entries as it should have; none where none of those read fits. `at`: monotonic, now."""
        blocks, entries = list[Block](), max(int(self._entries), 1)
        left = entries
        for done, (piece, log, verified) in enumerate(given):
            if not left:
                return self._made(blocks, entries, done)
            upto = min(piece.end, piece.start + left)
            try:
                blocks += self._blocks(piece, upto, log, verified, at)
            except (OSError, Malformed) as fault:
                return self._made(blocks, entries - left, done)._replace(fault=fault)
            left -= upto - piece.start
            if upto < piece.end:
                return self._made(blocks, entries, done, upto)
        return self._made(blocks, entries - left, len(given))

    def _blocks(self, piece: Piece, upto: int, log: Log, verified: int, at: float) -> list[Block]:
        page = self._shelf.page(piece)
        if self._group.wanted.kind == _FULL:
            self._shelf.complete(page, piece.stored.segment)
        if (piece.start, upto) != (page.first, page.end):
            page = page.slice(piece.start, upto)
        sheet = Sheet(log, source_of(log), page, piece.stored.row.seen, verified, self._group.wanted.order)
        return [block for _, block in make(self._planned(), [sheet], self._shelf.issuers, self._memory, at)]

    def _planned(self) -> Plan:
        if self._plan is None:
            if is_filtered(self._group):
                assert self._group.wanted.filter is not None
                audience = Audience([self._group.wanted.filter])
                self._plan = Plan((self._group,), audience, ((self._group,),))
            else:
                self._plan = Plan((self._group,))
        return self._plan

    def _made(self, blocks: Sequence[Block], entries: int, done: int, upto: int = 0) -> Read:
        data = b"".join(block.data for block in blocks)
        if entries:  # towards what a block needs, at most twice as many the next time
            self._entries = min(2 * self._entries, entries * TARGET / max(len(data), 1), _MOST)
        if not blocks:
            return Read(None, done, upto)
        count = sum(block.count for block in blocks)
        return Read(Block(data, count, blocks[0].first, blocks[-1].last, blocks[-1].at), done, upto)


@lru_cache(maxsize=256)
def source_of(log: Log) -> Source:
    """What messages say of a log."""
    kind = "tiled" if log.protocol is Protocol.STATIC else "rfc6962"
    return Source(log.id, log.description, log.url, kind, log.operator, log.monitoring_url)
