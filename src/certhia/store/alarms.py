"""Alarms as they are stored: when each was raised, and when it cleared."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, or_, select

from certhia.model import Alarm
from certhia.store import codec
from certhia.store.bulk import Bulk
from certhia.store.schema import alarms

if TYPE_CHECKING:
    from certhia.store.reading import Reader

_THIS: Final = (alarms.c.since == bindparam("b_since")) & (alarms.c.key == bindparam("b_key"))
TAKE_ALARMS: Final = Bulk(delete(alarms).where(_THIS))
ADD_ALARMS: Final = Bulk(insert(alarms), [column.name for column in alarms.c])


@dataclass(frozen=True, slots=True)
class Stored:
    """An alarm, and when it cleared (Unix seconds); None for one that did not."""

    alarm: Alarm
    cleared: float | None


def alarm_row(alarm: Alarm, cleared: float | None) -> dict[str, Any]:
    """A row of `alarms`."""
    text, log = codec.plain(alarm.text), codec.plain(alarm.log)
    return {"since": alarm.since, "key": codec.plain(alarm.key), "text": text, "log": log, "cleared": cleared}


async def stored(state: Reader, since: float = 0.0, *, lasting: bool = False) -> AsyncGenerator[Stored, None]:
    """The newest first: those that were raised at or after then (Unix seconds), or had not cleared by then. `lasting`:
    only those that did not clear. Raises StateError."""
    query = select(alarms).order_by(alarms.c.since.desc(), alarms.c.key)
    if lasting:
        query = query.where(alarms.c.cleared.is_(None))
    else:
        query = query.where(or_(alarms.c.since >= since, alarms.c.cleared.is_(None), alarms.c.cleared >= since))
    async with aclosing(state.stream(query)) as rows:
        async for row in rows:
            yield Stored(Alarm(row["key"], row["text"], row["since"], row["log"]), row["cleared"])
