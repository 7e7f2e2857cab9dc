"""What SQLite and PostgreSQL write in different words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from certhia.store.schema import Bytes


class First(FunctionElement[bytes]):
    """The first of the bytes in a column."""

    name = "least_bytes"
    inherit_cache = True
    type = Bytes()


class Last(First):
    """The last of the bytes in a column."""

    name = "most_bytes"
    inherit_cache = True


@compiles(First)
def _aggregate(element: First, compiler: SQLCompiler, **more: Any) -> str:
    which = "max" if isinstance(element, Last) else "min"
    return f"{which}({compiler.process(element.clauses, **more)})"


@compiles(First, "postgresql")
def _aggregate_of_text(element: First, compiler: SQLCompiler, **more: Any) -> str:
    which = "max" if isinstance(element, Last) else "min"
    return f"decode({which}(encode({compiler.process(element.clauses, **more)}, 'hex')), 'hex')"


def new_only(table: Table, dialect: str) -> Insert:
    """An insert that leaves alone what is there already."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (loaded by whoever has it)

        return postgresql.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    return sqlite.insert(table).on_conflict_do_nothing()
