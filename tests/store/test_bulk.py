"""Statements that write many rows do what SQLAlchemy's own do."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Float, LargeBinary, Text, insert, select
from sqlalchemy.dialects import sqlite

from certhia.store import State, bulk, schema
from certhia.store.bulk import Bulk


def row_of(table: Any, number: int) -> dict[str, Any]:
    kinds: dict[type, Any] = {Text: f"text {number}", LargeBinary: b"%d" % number, Float: number / 2, Boolean: True}
    return {
        column.name: next((value for kind, value in kinds.items() if isinstance(column.type, kind)), number)
        for column in table.c
    }


async def test_rows_lie_as_those_of_sqlalchemy(state: State) -> None:
    assert state._writers is not None
    adding = {"matches": bulk.ADD_MATCHES, "steps": bulk.ADD_STEPS, "meta": bulk.KEEP_SETTINGS, "logs": bulk.ADD_LOGS}
    async with state._writers.connect() as connection:
        await connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for name, statement in adding.items():
            table = schema.metadata.tables[name]
            await statement.run(connection, [])
            await statement.run(connection, [row_of(table, 100), row_of(table, 101)])
            await connection.execute(insert(table), [row_of(table, 102), row_of(table, 103)])
            column = next(iter(table.primary_key.columns))
            rows = [dict(row) for row in (await connection.execute(select(table).order_by(column))).mappings()]
            assert rows[-4:] == [row_of(table, number) for number in (100, 101, 102, 103)]
            kinds = await connection.exec_driver_sql(f"SELECT DISTINCT typeof({column.name}) FROM {name}")
            assert len(kinds.all()) == 1
        await connection.rollback()


def test_every_statement_takes_its_values_from_the_row() -> None:
    for statement in vars(bulk).values():
        if isinstance(statement, Bulk):
            text, order = statement.text(sqlite.dialect(paramstyle="qmark"))
            assert text.count("?") == len(order) > 0
