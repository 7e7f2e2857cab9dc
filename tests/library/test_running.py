"""Work beside a loop: it ends with the block, and its errors come out there."""

from __future__ import annotations

import asyncio
import logging

import pytest

from certhia.errors import StateError
from certhia.library.running import Beside, logged


async def test_done_is_told_and_errors_come_out_at_the_end() -> None:
    told: list[str] = []

    async def work() -> None:
        raise BaseExceptionGroup("", [ValueError("x"), StateError("the disk is full")])

    with pytest.raises(StateError, match="the disk is full"):
        async with Beside(work(), lambda: told.append("done")):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            told.append("still here")
    assert told == ["done", "still here"]


async def test_errors_of_the_block_come_first() -> None:
    ask = asyncio.Event()

    async def work() -> None:
        await ask.wait()

    with pytest.raises(KeyError):
        async with Beside(work(), lambda: None) as task:
            ask.set()
            raise KeyError
    assert task.done()


async def test_whoever_has_no_patience_cancels_it() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        inner: list[asyncio.Task[None]] = []

        async def block() -> None:
            async with Beside(work(), lambda: None) as task:
                inner.append(task)

        outer = group.create_task(block())
        await asyncio.sleep(0)
        outer.cancel()
        await asyncio.wait([outer])
    await asyncio.wait(inner)
    assert inner[0].cancelled()


def test_messages_go_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "certhia")
    logged("broken\x1b[31m", level="warning", log="argon")
    logged("all is well")
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "argon: broken\\x1b[31m"),
        ("INFO", "all is well"),
    ]
