"""Who follows logs with a state that several machines can reach: a lease for the state and one for each of its logs.

A lease is a row with a number that grows by one whenever it is taken, the fence. Every transaction of a follower
prolongs its lease of the state, and the one that moves a log's position that of the log too, each by its fence: whoever
was silent for so long that another took over changes nothing any more, whatever it still believes. Time is the
database's.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.store.engine import Engine, guarded
from certhia.store.lock import Held

LASTS: Final = 15.0  # seconds without a transaction until others may take over
RENEWED: Final = 5.0  # seconds between two transactions of a follower that has nothing to write
LOOKS: Final = 1.0  # seconds between two looks at a lease that somebody else has
STATE: Final = 0  # in the place of a log's number: the state as a whole

TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS leases (log integer PRIMARY KEY, holder text NOT NULL, name text NOT NULL, "
    "fence bigint NOT NULL, until double precision NOT NULL)"
)
_NOW: Final = "extract(epoch FROM clock_timestamp())"
_SEEN: Final = text(
    f"SELECT holder, name, fence, until, until - {_NOW} AS left FROM leases WHERE log = {STATE}"  # noqa: S608
)
_TAKE: Final = text(
    "INSERT INTO leases (log, holder, name, fence, until) "  # noqa: S608
    f"SELECT log, :holder, :name, :fence, {_NOW} + :lasts FROM unnest(CAST(:logs AS integer[])) AS log "
    "ON CONFLICT (log) DO UPDATE SET holder = excluded.holder, name = excluded.name, fence = excluded.fence, "
    "until = excluded.until"
)
_PROLONG: Final = text(
    f"UPDATE leases SET until = {_NOW} + :lasts "  # noqa: S608
    "WHERE log = ANY(CAST(:logs AS integer[])) AND holder = :holder AND fence = :fence"
)
_RELEASE: Final = text("UPDATE leases SET until = 0 WHERE holder = :holder AND fence = :fence")
_LOGS: Final = text("SELECT id FROM logs")


class Lease:
    """What one follower holds from `take` to `release`."""

    def __init__(self, where: Engine, writers: AsyncEngine, directory: Path, clock: Clock) -> None:
        """`directory`: of the files beside the database: whoever has its lock is the same follower again."""
        self._where = where
        self._writers = writers
        self._clock = clock
        self._holder = _identity(directory)
        self._name = f"process {os.getpid()} on {socket.gethostname()}"
        self._fence = 0

    async def take(self) -> None:
        """Takes the state's lease, and that of each log in it; waits for one that nobody prolongs to run out.

        Raises Held where somebody prolongs it, StateError.
        """
        until: float | None = None
        while True:
            async with guarded(self._where), self._writers.begin() as connection:
                seen = (await connection.execute(_SEEN)).one_or_none()
                if seen is None or seen.holder == self._holder or seen.left <= 0:
                    self._fence = 1 if seen is None else seen.fence + 1
                    logs = (await connection.execute(_LOGS)).scalars().all()
                    await self._take(connection, [STATE, *logs])
                    return
            if until is not None and seen.until > until:
                raise Held(
                    f"{self._where.label}: {seen.name} already follows logs with this state: stop it, or use --state "
                    "NAME for a state of its own"
                )
            until = seen.until
            await self._clock.sleep(min(LOOKS, seen.left + 0.01))

    async def confirm(self, connection: AsyncConnection) -> None:
        """Prolongs the state's lease in this transaction. Raises StateError where another has it."""
        await self._prolong(connection, [STATE])

    async def moved(self, connection: AsyncConnection, new: Collection[int], moved: Collection[int]) -> None:
        """Takes the leases of logs that are new, and prolongs those of logs whose position moves in this transaction.

        Raises StateError where another has one of them: then none moves.
        """
        if new:
            await self._take(connection, [*new])
        known = sorted({*moved} - {*new})
        if known:
            await self._prolong(connection, known)

    async def release(self) -> None:
        """Lets another take over at once. Where that fails the leases run out by themselves."""
        mine = {"holder": self._holder, "fence": self._fence}
        with suppress(StateError):
            async with guarded(self._where), self._writers.begin() as connection:
                await connection.execute(_RELEASE, mine)

    async def _take(self, connection: AsyncConnection, logs: list[int]) -> None:
        await connection.execute(_TAKE, {**self._mine(logs), "name": self._name})

    async def _prolong(self, connection: AsyncConnection, logs: list[int]) -> None:
        found = await connection.execute(_PROLONG, self._mine(logs))
        if found.rowcount != len(logs):
            raise StateError(
                f"{self._where.label}: another instance follows logs with this state since this one was silent for "
                f"more than {LASTS:.0f} s: nothing was changed; this one ends"
            )

    def _mine(self, logs: list[int]) -> dict[str, object]:
        return {"logs": logs, "holder": self._holder, "fence": self._fence, "lasts": LASTS}


async def unheld(connection: AsyncConnection, label: str) -> None:
    """Raises Held where somebody follows, whoever it is: tables must not change under them."""
    if await connection.scalar(text("SELECT to_regclass('leases') IS NOT NULL")):
        name = await holder(connection)
        if name:
            raise Held(f"{label}: {name} follows logs with an older schema, or did until just now: stop it first")


async def holder(connection: AsyncConnection) -> str:
    """What people know the follower by, in this moment; "" where there is none."""
    seen = (await connection.execute(_SEEN)).one_or_none()
    return seen.name if seen is not None and seen.left > 0 else ""


def _identity(directory: Path) -> str:
    """Names the follower of this directory, for ever. Raises StateError."""
    file = directory / "instance"
    try:
        if not file.is_file():
            file.write_text(f"{secrets.token_hex(16)}\n", encoding="ascii")
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{file}: can't be read or written ({error}): see that the directory is writable") from error
