"""From settings to the sinks that they name."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from certhia._core import build_info
from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.sinks import RedisSink
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.net import user_agent
from certhia.sinks.configured import Sinks
from certhia.sinks.open import Outside


async def sinks_of(settings: Settings, directory: Path, stack: AsyncExitStack, *, clock: Clock, tell: Tell) -> Sinks:
    """The configured sinks, which `stack` closes again. Raises ConfigError where one can't be opened."""
    agent = user_agent(build_info["version"], settings.read.contact)
    outside = Outside(clock, tell, agent, directory, require_redis=requires_redis(settings))
    sinks = Sinks(outside, settings.output.kinds)
    stack.push_async_callback(sinks.close)
    await sinks.replace(settings.sinks)
    return sinks


def requires_redis(settings: Settings) -> bool:
    """Whether every sink of type redis must be writable. Raises ConfigError where there is none."""
    required = settings.output.require_redis
    if required and not any(isinstance(one, RedisSink) and one.enabled for one in settings.sinks.values()):
        raise ConfigError(
            "--require-redis (output.require_redis), and no sink of type redis is configured: write [sinks.NAME] with "
            'type = "redis" and its url into the settings'
        )
    return required
