"""Every type of the settings can be opened, and only what is configured is loaded."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from tests.sinks.sending import outside

from certhia.config.sinks import SINKS, FileSink
from certhia.sinks.open import TYPES, open_sink

LAZY = """
import sys
import certhia.sinks.configured, certhia.sinks.open, certhia.config.sinks
print([name for name in ("redis", "aiohttp", "aiokafka", "nats", "aio_pika", "apprise") if name in sys.modules])
"""


def test_each_type_has_what_opens_it() -> None:
    assert {model.model_fields["type"].default for model in SINKS} == TYPES.keys()
    for place in TYPES.values():
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(module), function))


async def test_a_sink_has_its_name(tmp_path: Path) -> None:
    sink = await open_sink("mine", FileSink(path=tmp_path / "x.jsonl"), outside())
    assert sink.name == "mine"
    await sink.close()


def test_nothing_is_loaded_before_it_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
