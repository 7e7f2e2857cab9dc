"""Signals that end a run."""

from __future__ import annotations

import os
from signal import SIGINT, SIGTERM

import pytest

from certhia.cli.stopping import ONE_WISH, stop_on
from certhia.testing import SimClock, in_simulated_time


class LeftError(BaseException):
    """The process was left."""


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(status: int) -> None:
        raise LeftError(status)

    monkeypatch.setattr(os, "_exit", leave)


@in_simulated_time
async def test_the_same_at_once_is_one_wish(left: None, certhia_clock: SimClock) -> None:
    """As GNU `timeout` sends it."""
    stopped: list[None] = []
    asked = stop_on((), lambda: stopped.append(None), certhia_clock)
    asked(SIGTERM)
    asked(SIGTERM)
    await certhia_clock.sleep(ONE_WISH / 2)
    asked(SIGTERM)
    assert stopped == [None]
    await certhia_clock.sleep(ONE_WISH)
    with pytest.raises(LeftError, match="130"):
        asked(SIGTERM)


@in_simulated_time
async def test_another_one_is_a_second(left: None, certhia_clock: SimClock) -> None:
    asked = stop_on((), lambda: None, certhia_clock)
    asked(SIGINT)
    with pytest.raises(LeftError, match="130"):
        asked(SIGTERM)
