"""Certificates of matches as they were submitted, with their chains: in the state, for modules that need them.

They are written with their match, in the same transaction, and go with it, or when nobody needs them any more. The last
ones are at hand: most modules look at a match within a second.
"""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import delete, exists, insert, select

from certhia.store.bulk import WAITS, Bulk
from certhia.store.engine import guarded
from certhia.store.query import CHUNK, Query, Question
from certhia.store.schema import deliveries, matches, revocations, submitted
from certhia.store.submitted import FOLDER, left

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from certhia.store.batch import Tally
    from certhia.store.state import State

AT_HAND: Final = 8 << 20  # bytes
AT_ONCE: Final = CHUNK  # that go in one transaction
LOOKED_AT: Final = 50_000  # that are needed still, in one look for old ones: the next goes on there
KEPT: Final = 90 * 86_400.0  # seconds since the match was seen; longer what is asked about still
ADD: Final = Bulk(insert(submitted), ["match", "ders"])

_LENGTH: Final = struct.Struct(">I")
_BY_KEY: Final = Query(select(matches.c.key, submitted.c.ders).join(matches), matches.c.key)


class Recent:
    """The last ones, by the keys of their matches. `most`: bytes."""

    def __init__(self, most: int = AT_HAND) -> None:
        self._most = most
        self._size = 0
        self._known: OrderedDict[bytes, Sequence[bytes]] = OrderedDict()

    def put(self, key: bytes, ders: Sequence[bytes]) -> None:
        """One more; the oldest give way."""
        self._size += _size(ders) - _size(self._known.pop(key, ()))
        self._known[key] = ders
        while self._size > self._most:
            _, gone = self._known.popitem(last=False)
            self._size -= _size(gone)

    def get(self, key: bytes) -> Sequence[bytes] | None:
        """A certificate and its chain; None where it is not among them."""
        return self._known.get(key)


async def chains(state: State, keys: Collection[bytes]) -> dict[bytes, Sequence[bytes]]:
    """What is kept of matches with these keys: the certificate as submitted and its chain, DER, as far as it was at
    hand. Those of which nothing is kept are left out. Raises StateError."""
    found: dict[bytes, Sequence[bytes]] = {}
    for key in keys:
        if (ders := state.writer.recent.get(key)) is not None:
            found[key] = ders
    missing = [key for key in keys if key not in found]
    if missing:
        async with guarded(state.where), state.where.asking(state.engine) as line:
            (rows,) = await line.ask(Question(_BY_KEY, missing))
        found.update((key, unpacked(ders)) for key, ders in rows)
        older = [key for key in missing if key not in found]
        if older and (state.directory / FOLDER).is_dir():
            found.update(await asyncio.to_thread(lambda: [*left(state.directory, older)]))
    return found


def packed(ders: Iterable[bytes]) -> bytes:
    """As they are stored: each behind its length."""
    return b"".join([part for der in ders for part in (_LENGTH.pack(len(der)), der)])


def unpacked(stored: bytes) -> list[bytes]:
    """What `packed` made; as many as are whole, where it is damaged."""
    found, at = list[bytes](), 0
    while at + _LENGTH.size <= len(stored):
        (length,) = _LENGTH.unpack_from(stored, at)
        at += _LENGTH.size + length
        if at > len(stored):
            break
        found.append(stored[at - length : at])
    return found


class Part(NamedTuple):
    """What a look at some of them came to.

    Attributes:
        gone: how many were deleted.
        needed: how many are older, and needed still.
        last: the match up to which it went; 0 where none behind is older.
    """

    gone: int = 0
    needed: int = 0
    last: int = 0


async def let_go(connection: AsyncConnection, counts: dict[str, Tally], *, before: float, after: int = 0) -> Part:
    """Looks at some behind the match `after`, and deletes those of matches that were seen before then (Unix seconds),
    that no module waits for and whose authority is asked no more. Run by the writer between commits.

    Goes by the order of matches, which is that in which they were seen, up to the first younger ones.
    """
    del counts
    waits = exists().where(deliveries.c.match == matches.c.id, WAITS)
    asked = exists().where(revocations.c.match == matches.c.id, revocations.c.due.is_not(None))
    ordered = select(submitted.c.match, matches.c.seen, (waits | asked).label("needed")).join(matches)
    some = ordered.where(submitted.c.match > after).order_by(submitted.c.match).limit(AT_ONCE)
    rows = (await connection.execute(some)).all()
    old = [row for row in rows if row.seen < before]
    gone = [row.match for row in old if not row.needed]
    if gone:
        await connection.execute(delete(submitted).where(submitted.c.match.in_(gone)))
    return Part(len(gone), len(old) - len(gone), old[-1].match if len(old) == AT_ONCE else 0)


def _size(ders: Sequence[bytes]) -> int:
    return sum(map(len, ders))
