"""From settings to the sinks that they name."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from certhia._core import build_info
from certhia.clock import Clock
from certhia.config import Settings
from certhia.model import Tell
from certhia.net import user_agent
from certhia.sinks.configured import Sinks
from certhia.sinks.open import Outside


async def sinks_of(settings: Settings, directory: Path, stack: AsyncExitStack, *, clock: Clock, tell: Tell) -> Sinks:
    """The configured sinks, which `stack` closes again. Raises ConfigError where one can't be opened."""
    outside = Outside(clock, tell, user_agent(build_info["version"], settings.read.contact), directory)
    sinks = Sinks(outside, settings.output.kinds)
    stack.push_async_callback(sinks.close)
    await sinks.replace(settings.sinks)
    return sinks
