"""From settings to sinks."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.sinks.sending import Said

from certhia.clock import Clock
from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.delivering import requires_redis, sinks_of


async def test_sinks_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "certhia.toml"
    file.write_text(
        '[sinks.one]\ntype = "file"\npath = "a.jsonl"\n[sinks.two]\ntype = "webhook"\nurl = "https://a.test/"\n'
    )
    async with AsyncExitStack() as stack:
        sinks = await sinks_of(load({}, file, {}), tmp_path, stack, clock=Clock(), tell=Said())
        assert [sink.name for sink in sinks.sinks] == ["one", "two"]
        assert sinks.outside.directory == tmp_path
        assert (tmp_path / "a.jsonl").exists()


def test_a_redis_that_is_required_is_there(tmp_path: Path) -> None:
    redis = {"sinks.redis.url": "redis://127.0.0.1:1"}
    assert not requires_redis(load({}, None, {}))
    assert requires_redis(load({"output.require_redis": True, **redis}, None, {}))
    for sinks in ({}, {**redis, "sinks.redis.enabled": False}):
        with pytest.raises(ConfigError, match="no sink of type redis is configured"):
            requires_redis(load({"output.require_redis": True, **sinks}, None, {}))
