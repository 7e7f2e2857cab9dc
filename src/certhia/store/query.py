"""Questions on the hot path: compiled once, and asked with as little as the driver needs. See `certhia.store.line`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam

if TYPE_CHECKING:
    from sqlalchemy import Dialect

CHUNK: Final = 500  # values in one IN list: SQLite's oldest limit is 999
WANTED: Final = "wanted"

Value = TypeVar("Value")


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Pieces small enough for one IN list."""
    for at in range(0, len(values), CHUNK):
        yield values[at : at + CHUNK]


class Query:
    """A select with `bindparam`s for values that every driver takes. Where it is `by` a column, many values of that are
    asked for at once.

    Rows come back as tuples of the selected columns, as the driver gives them: Booleans may be 0 and 1.

    Attributes:
        several: the select with an IN list of `wanted`; of a query by no column the select as it is.
    """

    def __init__(self, statement: Select[Any], by: ColumnElement[Any] | None = None) -> None:
        self.by = by
        self.several = statement if by is None else statement.where(by.in_(bindparam(WANTED, expanding=True)))
        self._each = statement if by is None else statement.where(by == bindparam(WANTED))
        self.constants: dict[str, Any] = {}  # what the database's own words bring along, such as OFFSET 0
        self._compiled: tuple[str, str, Sequence[str]] | None = None

    def text(self, dialect: Dialect) -> tuple[str, Sequence[str]]:
        """The select by one value, and the names of its parameters in order. For a dialect with "?"."""
        if self._compiled is None or self._compiled[0] != dialect.name:
            compiled = self._each.compile(dialect=dialect)
            self.constants = {name: value for name, value in compiled.params.items() if value is not None}
            self._compiled = (dialect.name, str(compiled), compiled.positiontup or ())
        return self._compiled[1], self._compiled[2]


@dataclass(frozen=True, slots=True)
class Question:
    """A query with its values: asked once, or, of one that is by a column, once for each value `wanted`."""

    query: Query
    wanted: Sequence[Any] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    def rows(self, order: Sequence[str]) -> list[tuple[Any, ...]]:
        """Parameters, one tuple for each time that it is asked."""
        if self.query.by is None:
            values = {**self.query.constants, **self.values}
            return [tuple([values[name] for name in order])]
        if len(order) == 1:
            return [(one,) for one in self.wanted]
        return [tuple([one if name == WANTED else self.values[name] for name in order]) for one in self.wanted]
