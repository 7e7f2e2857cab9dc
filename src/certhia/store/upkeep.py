"""Retention: old matches go by count, the ledger's old rows become one an hour. Run by the writer between commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.bulk import WAITS
from certhia.store.commit import keep_tallies
from certhia.store.query import chunks
from certhia.store.schema import DONE, deliveries, matches, probes, revocations, sightings, steps, submitted

MAX_MATCHES: Final = 1_000_000
AT_ONCE: Final = 500  # matches deleted, or ledger rows merged, in one transaction: others wait meanwhile
HOUR: Final = 3600


async def prune(
    connection: AsyncConnection, counts: dict[str, Tally], *, max_matches: int, before: float | None = None
) -> int:
    """Deletes some of the oldest matches over `max_matches`, with all that belongs to them; then of those that
    were seen before `before` (Unix seconds). Gives how many.

    A match that somebody is still to be told of stays.
    """
    excess = counts["matches"].count - max_matches
    if excess <= 0 and before is None:
        return 0
    waits = exists().where(deliveries.c.match == matches.c.id, WAITS)
    oldest = select(matches.c.id).where(~waits)
    if excess > 0:
        oldest = oldest.order_by(matches.c.id).limit(min(excess, AT_ONCE))
    else:
        oldest = oldest.where(matches.c.seen < before).order_by(matches.c.seen).limit(AT_ONCE)
    gone = (await connection.execute(oldest)).scalars().all()
    await _let_go(connection, counts, gone)
    if gone:
        await keep_tallies(connection, counts)
    return len(gone)


async def _let_go(connection: AsyncConnection, counts: dict[str, Tally], gone: Sequence[int]) -> None:
    """Deletes these matches and all that belongs to them."""
    for some in chunks(gone):
        told = select(deliveries.c.id).where(deliveries.c.match.in_(some), deliveries.c.state == DONE)
        counts["delivered"].take([codec.done_mark(n) for n in (await connection.execute(told)).scalars()])
        for table in (probes, revocations, submitted):
            await connection.execute(delete(table).where(table.c.match.in_(some)))
        for table, column in (
            (deliveries, deliveries.c.match),
            (sightings, sightings.c.match),
            (matches, matches.c.id),
        ):
            marks = (await connection.execute(select(table.c.mark).where(column.in_(some)))).scalars().all()
            counts[table.name].take(marks)
            await connection.execute(delete(table).where(column.in_(some)))


async def compact(connection: AsyncConnection, _: dict[str, Tally], *, log: int, before: float) -> int:
    """Merges steps of one log that are older than `before`, those of one hour into one; gives how many rows went.

    Anchors and skipped ranges stay by themselves, and so does the newest row. A merged row has the edge, head and
    proof of its last step, and says in `link` what that one's digest was: the rest of the chain holds as it is.
    """
    # Wide columns are read only of rows that change; the last row of the log is never among them.
    columns = [steps.c[name] for name in ("seq", "start", "end", "quarantined", "note", "at", "merged")]
    newest = select(steps.c.seq).where(steps.c.log == log).order_by(steps.c.seq.desc()).limit(1).scalar_subquery()
    old = select(*columns).where(steps.c.log == log, steps.c.at < before, steps.c.seq < newest).order_by(steps.c.seq)
    group: list[Any] = []
    gone = 0
    for row in (await connection.execute(old)).all():
        if group and not _together(group[-1], row):
            gone += await _merge(connection, log, group)
            group = []
        group.append(row)
    return gone + await _merge(connection, log, group)


def _together(one: Any, next_: Any) -> bool:
    plain = all(row.end > row.start and not row.note for row in (one, next_))
    return plain and one.seq == next_.seq - next_.merged and int(one.at // HOUR) == int(next_.at // HOUR)


async def _merge(connection: AsyncConnection, log: int, group: list[Any]) -> int:
    if len(group) < 2:
        return 0
    first, last = group[0], group[-1]
    here = steps.c.log == log
    row = dict((await connection.execute(select(steps).where(here, steps.c.seq == last.seq))).mappings().one())
    before = select(steps).where(here, steps.c.seq < first.seq).order_by(steps.c.seq.desc()).limit(1)
    previous = (await connection.execute(before)).mappings().one()  # an anchor at least
    row.update(
        start=first.start,
        count=last.end - first.start,
        quarantined=sum(step.quarantined for step in group),
        merged=sum(step.merged for step in group),
        link=codec.chain_value(row),
    )
    row["digest"] = codec.step_digest(codec.chain_value(dict(previous)), row)
    await connection.execute(delete(steps).where(here, steps.c.seq >= first.seq, steps.c.seq <= last.seq))
    await connection.execute(insert(steps), [row])
    return len(group) - 1
