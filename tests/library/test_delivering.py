"""From settings to sinks."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from tests.sinks.sending import Said

from certhia.clock import Clock
from certhia.config import load
from certhia.library.delivering import sinks_of


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
