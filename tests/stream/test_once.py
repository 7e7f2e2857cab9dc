"""Answers that are made at most once a second."""

from __future__ import annotations

import asyncio

import pytest

from certhia.stream.once import FRESH, Once
from certhia.testing import SimClock


async def test_one_at_a_time_and_one_a_second() -> None:
    clock, made = SimClock(), list[int]()
    once = Once(clock)

    async def make() -> bytes:
        made.append(1)
        await asyncio.sleep(0)
        return b"%d" % len(made)

    assert await asyncio.gather(*[once.get("a", make) for _ in range(10)]) == [b"1"] * 10
    assert await once.get("b", make) == b"2"
    clock.advance(FRESH / 2)
    assert await once.get("a", make) == b"1"
    clock.advance(FRESH / 2)
    assert await once.get("a", make) == b"3"


async def test_nothing_and_what_breaks_are_not_kept() -> None:
    once = Once(SimClock())

    async def nothing() -> None:
        return None

    async def broken() -> bytes:
        raise ValueError("a defect")

    async def make() -> bytes:
        return b"there"

    assert await once.get("a", nothing) is None
    with pytest.raises(ValueError, match="a defect"):
        await once.get("a", broken)
    assert await once.get("a", make) == b"there"
