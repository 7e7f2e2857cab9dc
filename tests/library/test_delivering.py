"""From settings to sinks."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.sinks.sending import Said

from certhia.clock import Clock
from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.delivering import sinks_of


async def test_configured_sinks(tmp_path: Path) -> None:
    settings = load({"sinks.one.type": "file", "sinks.one.path": tmp_path / "m.jsonl"}, None, {"HOME": str(tmp_path)})
    async with AsyncExitStack() as stack:
        sinks = await sinks_of(settings, tmp_path, stack, clock=Clock(), tell=Said())
        assert [sink.name for sink in sinks.sinks] == ["one"]


async def test_a_redis_is_required(tmp_path: Path) -> None:
    given: dict[str, object] = {"output.require_redis": True}
    redis = {"sinks.one.type": "redis", "sinks.one.url": "redis://127.0.0.1:1"}
    for more, why in (
        ({}, "no sink of type redis is configured"),
        (redis, r"is required \(--require-redis\), and can't be"),
    ):
        settings = load(given | more, None, {"HOME": str(tmp_path)})
        async with AsyncExitStack() as stack:
            with pytest.raises(ConfigError, match=why):
                await sinks_of(settings, tmp_path, stack, clock=Clock(), tell=Said())
