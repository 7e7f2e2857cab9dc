"""What follows a log, by the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from certhia.certstream.byname import NamesFollower
from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.naming import follower_of
from certhia.logs.follow import Follower
from certhia.store.state import State
from certhia.stream.hub import Hub
from certhia.testing import SimClock, in_simulated_time


async def made(path: Path, *, serves: bool = True, **given: Any) -> Any:
    values = {name.replace("__", "."): value for name, value in given.items()}
    clock = SimClock()
    async with await State.open(path / "state", clock=clock, follow=True) as state:
        return follower_of(load(values, None, {"HOME": str(path)}), Hub(clock) if serves else None, state)


@in_simulated_time
async def test_names_alone_only_where_asked_for_and_served(tmp_path: Path) -> None:
    assert await made(tmp_path) is Follower
    assert await made(tmp_path, serves=False, serve__names_only=True) is Follower
    assert (await made(tmp_path, serve__names_only=True)).func is NamesFollower


@pytest.mark.parametrize(
    "given, said",
    [
        ({"watch__rules": ["example.com"]}, "leave out --watchlist or --names-only"),
        ({"serve__verified_only": True}, "leave out --verified-only or --names-only"),
        ({"serve__history": "16MB"}, "leave out --history or --names-only"),
        ({"read__certstream": ["wss://one.example/"]}, "leave out --certstream or --names-only"),
        ({"serve__domains": "off"}, "leave out --domains off or --names-only"),
    ],
)
@in_simulated_time
async def test_what_needs_more_than_names_is_refused(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        await made(tmp_path, serve__names_only=True, **given)
