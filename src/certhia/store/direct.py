"""A line to SQLite past SQLAlchemy: whatever is said at once is one trip to the connection's thread.

Each statement by SQLAlchemy's way is four trips or more, and costs ten times what SQLite itself takes for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from certhia.store.line import Rows
from certhia.store.query import Question

if TYPE_CHECKING:
    import aiosqlite
    from sqlalchemy import Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine

    from certhia.store.bulk import Bulk

Sentence: TypeAlias = tuple[str, Sequence[tuple[Any, ...]], bool]
"""Text, parameters for each time, whether it is a question."""


class Direct:
    """One connection, as its pool gave it."""

    connection = None

    def __init__(self, driver: aiosqlite.Connection, dialect: Dialect, *, first: str = "") -> None:
        """`first`: what goes out before anything else."""
        self._driver = driver
        self._dialect = dialect
        self._waiting: list[Sentence] = [(first, [()], False)] if first else []

    def write(self, statement: Bulk, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Line."""
        if rows:
            text, order = statement.text(self._dialect)
            self._waiting.append((text, [tuple([row[name] for name in order]) for row in rows], False))

    async def ask(self, *questions: Question) -> list[Rows]:
        """See Line."""
        for one in questions:
            text, order = one.query.text(self._dialect)
            self._waiting.append((text, one.rows(order), True))
        return await self._say()

    async def end(self) -> None:
        """Commits, with all that was written."""
        self._waiting.append(("COMMIT", [()], False))
        await self._say()

    async def undo(self) -> None:
        """Takes back what was done, as far as there is anything."""
        self._waiting.clear()
        await self._driver._execute(_undo, self._driver._conn)  # type: ignore[no-untyped-call]

    async def _say(self) -> list[Rows]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        answers: list[Rows] = await self._driver._execute(  # type: ignore[no-untyped-call]
            _say, self._driver._conn, waiting
        )
        return answers


@asynccontextmanager
async def asking(engine: AsyncEngine) -> AsyncIterator[Direct]:
    """For questions alone, each of which sees the state as of its own beginning."""
    held = await engine.raw_connection()
    try:
        yield Direct(held.driver_connection, engine.dialect)  # type: ignore[arg-type]
    finally:
        held.close()


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[Direct]:
    """A transaction, which excludes those of other writers: committed at the end, taken back where that raises."""
    held = await engine.raw_connection()
    try:
        line = Direct(held.driver_connection, engine.dialect, first="BEGIN IMMEDIATE")  # type: ignore[arg-type]
        try:
            yield line
            await line.end()
        except BaseException:
            await line.undo()
            raise
    finally:
        held.close()


def _say(connection: sqlite3.Connection, waiting: Sequence[Sentence]) -> list[Rows]:
    """In the connection's thread."""
    answers: list[Rows] = []
    for text, rows, asked in waiting:
        if asked:
            found: Rows = []
            for row in rows:
                found += connection.execute(text, row)
            answers.append(found)
        elif len(rows) == 1:
            connection.execute(text, rows[0])
        else:
            connection.executemany(text, rows)
    return answers


def _undo(connection: sqlite3.Connection) -> None:
    """In the connection's thread. What stopped the transaction is told, not what stops this."""
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            return  # SQLite takes it back when the file is opened next
