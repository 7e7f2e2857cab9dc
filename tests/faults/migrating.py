"""Run as a program: a state of an older schema whose migration is killed after each of its statements in turn.

    python -m tests.faults.migrating DIRECTORY SCHEMA

Prints a JSON line for each kill: after how many statements, the schema that is then there, whether its tables and rows
are those of before, and what a next start makes of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, Engine, create_engine, event
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.logs.heads import check_head
from certhia.model import Quarantined
from certhia.store import State, database
from certhia.store.fsck import check
from certhia.store.migrations import config

MATCHES = 7


async def current(directory: Path) -> None:
    """A state of our schema with something in every table that the first one had."""
    book = Book()
    async with await State.open(directory, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 3))
        state.writer.quarantine(Quarantined(book.log.id, 1, "why", bytes(32), b"leaf", 1.0))
        for index in range(MATCHES):
            state.writer.match(book.match(index), ["a"])
        state.writer.step(book.step(9, quarantined=1))
        await state.writer.durable()


def older(directory: Path, made: Path, schema: str) -> None:
    """A state of an older schema, with the rows of `made` as far as it has a place for them."""
    directory.mkdir()
    file = directory / "state.db"
    database.create(file)
    with create_engine(f"sqlite:///{file}").connect() as connection:
        command.upgrade(config(connection), schema)
        connection.commit()
        connection.engine.dispose()
    with closing(sqlite3.connect(file, isolation_level=None)) as hand:
        hand.execute("ATTACH ? AS made", (str(made / "state.db"),))
        counted = {name for (name,) in hand.execute("SELECT name FROM main.tallies")}
        tables = [name for (name,) in hand.execute("SELECT name FROM main.sqlite_master WHERE type='table'")]
        for table in tables:
            if table.startswith(("alembic", "sqlite")):
                continue
            columns = ",".join(f'"{row[1]}"' for row in hand.execute(f"PRAGMA main.table_info({table})"))
            hand.execute(f"DELETE FROM main.{table}")
            hand.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM made.{table}")
        for (name,) in hand.execute("SELECT name FROM main.tallies").fetchall():
            if name not in counted:
                hand.execute("DELETE FROM main.tallies WHERE name=?", (name,))


def content(directory: Path) -> tuple[str, str]:
    """The schema, and a digest of all tables and rows."""
    with closing(sqlite3.connect(directory / "state.db")) as hand:
        digest = hashlib.sha256("\n".join(hand.iterdump()).encode())
        (schema,) = hand.execute("SELECT version_num FROM alembic_version").fetchone()
    return schema, digest.hexdigest()


def killed(directory: Path, after: int) -> bool:
    """Opens it in a fork, which is killed after so many statements; False where it was through before."""
    child = os.fork()
    if not child:
        _count_down(after)
        asyncio.run(_open(directory))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    if ended not in (0, -signal.SIGKILL):
        sys.exit(f"it ended with status {ended} after {after} statements")
    return ended != 0


async def _open(directory: Path) -> None:
    await (await State.open(directory, clock=Clock(), follow=True)).close()


def _count_down(left: int) -> None:
    """Statements are counted, and the commit as one more, before and after which it may die."""

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(connection: Connection) -> None:
        count()
        connection.connection.commit()
        count()

    event.listen(Engine, "after_cursor_execute", count)
    event.listen(Engine, "commit", commit)


def started(directory: Path) -> list[str]:
    """What is wrong with it after a start, in a fork of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(asyncio.run(_examine(directory))).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        found: list[str] = json.load(pipe)
    os.waitpid(child, 0)
    return found


async def _examine(directory: Path) -> list[str]:
    async with await State.open(directory, clock=Clock(), follow=True) as state:
        faults = [str(fault) for fault in await check(state, check_head)]
        kept = await state.totals()
        told = await state.pending("a")
    if (kept["matches"], kept["sightings"], len(told), kept["quarantine"]) != (MATCHES, MATCHES, MATCHES, 1):
        faults.append(f"rows are missing: {dict(kept)}")
    return faults


def main(directory: Path, schema: str) -> None:
    """Each statement in turn, on a copy; every fifth is started again."""
    asyncio.run(current(directory / "made"))
    older(directory / "old", directory / "made", schema)
    before = content(directory / "old")
    after, dies = 0, True
    while dies:
        after += 1
        copy = directory / str(after)
        shutil.copytree(directory / "old", copy)
        dies = killed(copy, after)
        found = content(copy)
        faults = started(copy) if after % 5 == 1 or found[0] != schema or not dies else []
        line = {"after": after, "killed": dies, "schema": found[0], "as before": found == before, "faults": faults}
        sys.stdout.write(json.dumps(line) + "\n")
        shutil.rmtree(copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
