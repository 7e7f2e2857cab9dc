"""Broken promises that another process found reach the board, once."""

from __future__ import annotations

import pytest

from certhia.alarms.broken import MOST, Broken, payload


async def test_once_on_the_board() -> None:
    broken = Broken()
    assert broken.found == []
    for _ in range(2):
        assert await broken.take(payload("Argon", "broke a promise")) == "done"
    (found,) = broken.found
    assert (found.told, str(found.alarm)) == (False, "Argon: broke a promise")
    assert found.alarm.key.startswith("promise:")
    for number in range(MOST):
        await broken.take(payload("Argon", f"broke promise {number}"))
    assert len(broken.found) == MOST
    assert str(broken.found[0].alarm) == "Argon: broke promise 0"


@pytest.mark.parametrize("asked", ["", "[]", "{}", '{"log": 1, "text": "x"}', '{"log": "x"}', "[" * 100_000])
async def test_requests_that_make_no_sense(asked: str) -> None:
    broken = Broken()
    assert (await broken.take(asked)).startswith("failed: the request makes no sense")
    assert broken.found == []
