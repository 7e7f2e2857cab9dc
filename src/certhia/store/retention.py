"""What is old goes: told matches, the bytes of entries that nobody could read. Run by the writer between commits.

What counts stays: every row of the ledger, and that an entry was in quarantine. Old steps become one an hour
(`upkeep.compact`), which loses no proof.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from certhia.store import codec
from certhia.store.batch import Tally
from certhia.store.commit import keep_tallies
from certhia.store.schema import quarantine
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
    """

    most: int = MAX_MATCHES
    matches: float | None = None
    leaves: float | None = None
    steps: float = 6 * HOUR

    @classmethod
    def read(cls, text: str) -> Kept:
        """From the JSON of its fields. Raises ValueError."""
        fields = json.loads(text)
        if not isinstance(fields, dict) or not fields.keys() <= {"most", "matches", "leaves", "steps"}:
            raise ValueError("no fields of what is kept")
        needed, others = (fields.get("most", 0), fields.get("steps", 0)), fields.values()
        if None in needed or not all(value is None or isinstance(value, int | float) for value in others):
            raise ValueError("ages and counts are numbers")
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Gone:
    """What went: matches, the bytes of so many quarantined entries, rows of the ledger that became others."""

    matches: int = 0
    leaves: int = 0
    steps: int = 0

    def __str__(self) -> str:
        return (
            f"let go of {self.matches} old matches and the bytes of {self.leaves} quarantined entries, "
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
