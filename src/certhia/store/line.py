"""What the hot path says to the database: in few trips, whatever the driver is.

What is written waits for the next question, or for the end of the transaction, and goes there together with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from certhia.store.query import WANTED, Question, chunks

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from certhia.store.bulk import Bulk

Rows: TypeAlias = list[tuple[Any, ...]]


class Line(Protocol):
    """A connection in use. Statements are executed in the order in which they came."""

    @property
    def connection(self) -> AsyncConnection | None:
        """What a lease is held by, once nothing waits; None where there are no leases."""

    def write(self, statement: Bulk, rows: Sequence[Mapping[str, Any]]) -> None:
        """Has the statement executed for each row; nothing where there is none."""

    async def ask(self, *questions: Question) -> list[Rows]:
        """Executes what was written and then asks; gives the rows of each question."""


class Pooled:
    """By SQLAlchemy: statement by statement."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection: AsyncConnection | None = connection
        self._open = connection
        self._waiting: list[tuple[Bulk, Sequence[Mapping[str, Any]]]] = []

    def write(self, statement: Bulk, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Line."""
        if rows:
            self._waiting.append((statement, rows))

    async def ask(self, *questions: Question) -> list[Rows]:
        """See Line."""
        waiting, self._waiting = self._waiting, []
        for statement, rows in waiting:
            await statement.run(self._open, rows)
        return [await self._answer(one) for one in questions]

    async def _answer(self, question: Question) -> Rows:
        query, values = question.query.several, dict(question.values)
        if question.query.by is None:
            return [tuple(row) for row in await self._open.execute(query, values)]
        found: Rows = []
        for some in chunks(question.wanted):
            found += [tuple(row) for row in await self._open.execute(query, {**values, WANTED: some})]
        return found
