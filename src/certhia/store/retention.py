"""What is old goes: told matches, the bytes of entries that nobody could read. Run by the writer between commits.

What counts stays: every row of the ledger, and that an entry was in quarantine. Old steps become one an hour
(`upkeep.compact`), which loses no proof.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.bounds import row_digest
from certhia.store.commit import keep_tallies
from certhia.store.query import chunks
from certhia.store.schema import DEAD, DROPPED, PENDING, alarms, deliveries, digests, quarantine
from certhia.store.upkeep import AT_ONCE, MAX_MATCHES

HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, ages in seconds; None is for ever.

    Attributes:
        most: matches at most; the oldest told ones go first.
        matches: for how long, where somebody was told of them.
        leaves: for how long the bytes of quarantined entries are.
        steps: for how long the ledger's steps are rows of their own; older ones become one an hour.
        letters: for how long dead letters are, after they were given up, and what a human did not want.
        alarms: for how long those that cleared are.
    """

    most: int = MAX_MATCHES
    matches: float | None = None
    leaves: float | None = None
    steps: float = 6 * HOUR
    letters: float | None = 30 * 24 * HOUR
    alarms: float | None = 90 * 24 * HOUR

    @classmethod
    def read(cls, text: str) -> Kept:
        """From the JSON of its fields. Raises ValueError."""
        fields = json.loads(text)
        if not isinstance(fields, dict) or not fields.keys() <= {one.name for one in dataclass_fields(cls)}:
            raise ValueError("no fields of what is kept")
        needed, others = (fields.get("most", 0), fields.get("steps", 0)), fields.values()
        if None in needed or not all(value is None or isinstance(value, int | float) for value in others):
            raise ValueError("ages and counts are numbers")
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Gone:
    """What went: matches, the bytes of so many quarantined entries, rows of the ledger that became others, letters,
    alarms, certificates as they were submitted."""

    matches: int = 0
    leaves: int = 0
    steps: int = 0
    letters: int = 0
    alarms: int = 0
    certificates: int = 0

    def __str__(self) -> str:
        return (
            f"let go of {self.matches} old matches, {self.letters} dead letters, {self.alarms} alarms, "
            f"{self.certificates} certificates and the bytes of {self.leaves} quarantined entries, "
            f"merged {self.steps} old steps of the ledger"
        )


async def strip(connection: AsyncConnection, counts: dict[str, Tally], *, before: float) -> int:
    """Takes the bytes of some entries that were quarantined before then (Unix seconds); gives how many."""
    old = (
        select(quarantine)
        .where(quarantine.c.at < before, func.length(quarantine.c.leaf_input) > 0)
        .order_by(quarantine.c.log, quarantine.c.index)
        .limit(AT_ONCE)
    )
    rows = [dict(row) for row in (await connection.execute(old)).mappings()]
    if not rows:
        return 0
    counts["quarantine"].take([row["mark"] for row in rows])
    for row in rows:
        row["leaf_input"] = b""
        row["mark"] = codec.mark("quarantine", codec.QUARANTINE_COLUMNS, row)
    counts["quarantine"].add([row["mark"] for row in rows])
    here = (quarantine.c.log == bindparam("b_log")) & (quarantine.c.index == bindparam("b_index"))
    change = update(quarantine).where(here).values(leaf_input=b"", mark=bindparam("b_mark"))
    values = [{"b_log": row["log"], "b_index": row["index"], "b_mark": row["mark"]} for row in rows]
    await connection.execute(change, values)
    await keep_tallies(connection, counts)
    return len(rows)


async def bury(connection: AsyncConnection, counts: dict[str, Tally], *, before: float) -> int:
    """Deletes some dead letters, and what was not wanted, of before then (Unix seconds), and digests that were told
    before; gives how many letters went."""
    over = deliveries.c.state.in_((DEAD, DROPPED)) & (deliveries.c.next_at < before)
    old = select(deliveries.c.id, deliveries.c.mark).where(over).order_by(deliveries.c.id).limit(AT_ONCE)
    rows = (await connection.execute(old)).all()
    if rows:
        counts["deliveries"].take([row.mark for row in rows])
        await connection.execute(delete(deliveries).where(deliveries.c.id.in_([row.id for row in rows])))
        await keep_tallies(connection, counts)
    told = await connection.execute(select(digests).where(digests.c.state != PENDING))
    gone = [row["id"] for row in told.mappings() if row_digest(dict(row)).until < before]
    for some in chunks(gone):
        await connection.execute(delete(digests).where(digests.c.id.in_(some)))
    return len(rows)


async def silence(connection: AsyncConnection, counts: dict[str, Tally], *, before: float) -> int:
    """Deletes alarms that cleared before then (Unix seconds); gives how many."""
    del counts
    return (await connection.execute(delete(alarms).where(alarms.c.cleared < before))).rowcount
