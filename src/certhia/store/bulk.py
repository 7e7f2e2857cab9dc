"""The statements that write many rows: compiled once, and rows handed to the driver as they are.

SQLAlchemy's own way with many rows costs more a row than SQLite takes to write it. The values here are of kinds that
every driver takes (int, float, str, bytes, bool, None), so nothing has to be converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, Table, bindparam, delete, false, insert, literal_column, null, true, update

from certhia.store import codec
from certhia.store.schema import (
    DONE,
    HELD,
    PENDING,
    backfills,
    blocks,
    deliveries,
    digests,
    freezes,
    logs,
    matches,
    meta,
    quarantine,
    requests,
    sightings,
    steps,
    tallies,
)

if TYPE_CHECKING:
    from sqlalchemy import Delete, Dialect, Insert, Update
    from sqlalchemy.ext.asyncio import AsyncConnection

# Written out, so that databases see that their partial indexes can be used.
NO: Final = false()
YES: Final = true()
IS_PENDING: Final = deliveries.c.state == literal_column(str(PENDING))
IS_ASIDE: Final = deliveries.c.state > literal_column(str(DONE))
WAITS: Final = deliveries.c.state.in_((PENDING, HELD))


class Bulk:
    """An insert, update or delete to be executed once a row. `columns` are those that are inserted or set.

    Further values that a row must bring are those of the statement's `bindparam`s, by name.
    """

    def __init__(self, statement: Insert | Update | Delete, columns: Iterable[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._compiled: tuple[Dialect, str, Sequence[str]] | None = None

    async def run(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Executes the statement for each row; does nothing where there is none."""
        if rows:
            text, order = self.text(connection.dialect)
            await connection.exec_driver_sql(text, [tuple([row[name] for name in order]) for row in rows])

    def text(self, dialect: Dialect) -> tuple[str, Sequence[str]]:
        """The statement, and the names of its values in order."""
        if self._compiled is None or self._compiled[0] is not dialect:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
            self._compiled = (dialect, str(compiled), compiled.positiontup or ())
        return self._compiled[1], self._compiled[2]


def _all(table: Table) -> Bulk:
    return Bulk(insert(table), [column.name for column in table.c])


_THIS_LOG: Final = logs.c.id == bindparam("b_id")
_THIS_MATCH: Final = matches.c.id == bindparam("b_id")
_THIS_DELIVERY: Final = deliveries.c.id == bindparam("b_id")
_THIS_ENTRY: Final = (quarantine.c.log == bindparam("b_log")) & (quarantine.c.index == bindparam("b_index"))
_THIS_FREEZE: Final = (freezes.c.log == bindparam("b_log")) & (freezes.c.number == bindparam("b_number"))
_THIS_BLOCK: Final = (blocks.c.log == bindparam("b_log")) & (blocks.c.start == bindparam("b_start"))
_THIS_WISH: Final = (backfills.c.log == bindparam("b_log")) & (backfills.c.number == bindparam("b_number"))
_HERE: Final = (sightings.c.log == bindparam("b_log")) & (sightings.c.index == bindparam("b_index"))
_MORE: Final = matches.c.sightings + bindparam("b_more", type_=Integer)
_AGAIN: Final = deliveries.c.attempts + literal_column("1", Integer)

ADD_LOGS: Final = _all(logs)
DESCRIBE_LOGS: Final = Bulk(update(logs).where(_THIS_LOG), [*codec.LOG_COLUMNS[1:], "mark"])
MOVE_LOGS: Final = Bulk(update(logs).where(_THIS_LOG), [*codec.POSITION_COLUMNS, "mark"])
ADD_STEPS: Final = _all(steps)
ADD_QUARANTINE: Final = _all(quarantine)
RESOLVE: Final = Bulk(update(quarantine).where(_THIS_ENTRY), ["resolved"])
ADD_FREEZES: Final = _all(freezes)
ACCEPT: Final = Bulk(update(freezes).where(_THIS_FREEZE), ["accepted"])
ADD_BLOCKS: Final = _all(blocks)
TAKE_BLOCKS: Final = Bulk(delete(blocks).where(_THIS_BLOCK))
ADD_BACKFILLS: Final = _all(backfills)
TAKE_BACKFILLS: Final = Bulk(delete(backfills).where(_THIS_WISH))

ADD_MATCHES: Final = _all(matches)
COUNT_SIGHTINGS: Final = Bulk(update(matches).where(_THIS_MATCH).values(sightings=_MORE))
PROVE_MATCHES: Final = Bulk(update(matches).where(_THIS_MATCH).values(verified=YES))
ADD_SIGHTINGS: Final = _all(sightings)
TAKE_SIGHTINGS: Final = Bulk(delete(sightings).where(_HERE))

ADD_DELIVERIES: Final = _all(deliveries)
ATTEMPT_DELIVERIES: Final = Bulk(
    update(deliveries).where(_THIS_DELIVERY, IS_PENDING).values(attempts=_AGAIN, next_at=bindparam("b_next_at"))
)
END_DELIVERIES: Final = Bulk(update(deliveries).where(_THIS_DELIVERY), ["state", "next_at"])
ASIDE_DELIVERIES: Final = Bulk(
    update(deliveries).where(_THIS_DELIVERY).values(attempts=_AGAIN), ["state", "next_at", "error"]
)
REVIVE_DELIVERIES: Final = Bulk(
    update(deliveries)
    .where(_THIS_DELIVERY)
    .values(state=literal_column(str(PENDING)), attempts=literal_column("0"), next_at=null(), error=null())
)
TAKE_DIGESTS: Final = Bulk(delete(digests).where(digests.c.id == bindparam("b_id")))
ADD_DIGESTS: Final = _all(digests)

FORGET_SETTINGS: Final = Bulk(delete(meta).where(meta.c.name == bindparam("b_name")))
KEEP_SETTINGS: Final = _all(meta)
ANSWER_REQUESTS: Final = Bulk(update(requests).where(requests.c.id == bindparam("b_id")), ["answer"])
KEEP_TALLIES: Final = Bulk(update(tallies).where(tallies.c.name == bindparam("b_name")), ["count", "sum", "last"])
