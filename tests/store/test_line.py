"""What is written and asked on the hot path, in either database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, select
from tests.store.conftest import both

from certhia.store import State
from certhia.store.bulk import FORGET_SETTINGS, KEEP_SETTINGS
from certhia.store.query import Query, Question
from certhia.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from certhia.store.engine import Engine

BY_NAME = Query(select(meta.c.name, meta.c.value), meta.c.name)
FROM = Query(select(meta.c.value).where(meta.c.name >= bindparam("least")).order_by(meta.c.name))


def of(state: State) -> tuple[Engine, AsyncEngine]:
    assert state._writers is not None
    return state.where, state._writers


@both
async def test_what_was_written_is_there_for_the_next_question_and_stays(state: State) -> None:
    where, writers = of(state)
    names = [f"x{number:03}" for number in range(700)]
    async with where.writing(writers) as line:
        line.write(KEEP_SETTINGS, [])
        line.write(KEEP_SETTINGS, [{"name": name, "value": name.upper()} for name in names])
        line.write(FORGET_SETTINGS, [{"b_name": "x001"}])
        found, above = await line.ask(Question(BY_NAME, [*names, "none"]), Question(FROM, values={"least": "x698"}))
        assert dict(found) == {name: name.upper() for name in names if name != "x001"}
        assert above == [("X698",), ("X699",)]
        line.write(KEEP_SETTINGS, [{"name": "y", "value": "last"}])
    async with where.asking(state.engine) as line:
        assert await line.ask(Question(BY_NAME, ["y"]), Question(BY_NAME, [])) == [[("y", "last")], []]
        assert await line.ask() == []
    assert await state.recall("x000") == "X000"


@both
async def test_what_raises_takes_all_back(state: State) -> None:
    where, writers = of(state)
    with pytest.raises(ValueError, match="wrong"):
        async with where.writing(writers) as line:
            line.write(KEEP_SETTINGS, [{"name": "x", "value": "1"}])
            await line.ask(Question(BY_NAME, ["x"]))
            raise ValueError("wrong")
    with pytest.raises(where.errors):
        async with where.writing(writers) as line:
            line.write(KEEP_SETTINGS, [{"name": "x", "value": "1"}, {"name": "x", "value": "2"}])
    assert await state.recall("x") is None
    async with where.writing(writers) as line:
        line.write(KEEP_SETTINGS, [{"name": "x", "value": "3"}])
    assert await state.recall("x") == "3"
