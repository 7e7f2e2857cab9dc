"""Messages know which certificate is at work."""

from __future__ import annotations

import asyncio

import pytest

from certhia.concerning import certificate, concerning


def test_within_and_after() -> None:
    assert certificate() == ""
    with concerning("aa"):
        with concerning("bb"):
            assert certificate() == "bb"
        assert certificate() == "aa"
    with pytest.raises(ValueError, match="broken"), concerning("cc"):
        raise ValueError("broken")
    assert certificate() == ""


async def test_tasks_do_not_mix() -> None:
    async def work(one: str) -> str:
        with concerning(one):
            await asyncio.sleep(0)
            return certificate()

    first, second = await asyncio.gather(work("aa"), work("bb"))
    assert (first, second) == ("aa", "bb")
