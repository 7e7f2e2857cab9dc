"""From a sink's settings to the sink: its module is loaded when one is configured, and not before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from certhia.clock import Clock
from certhia.config.sinks import SinkSettings
from certhia.model import Sink, Tell
from certhia.sinks.breaker import Breakers

# Each opens one: `async def open(name: str, settings: ITS SECTION, outside: Outside) -> Sink`.
TYPES: Final = {
    "amqp": "certhia.sinks.amqp:open_amqp",
    "exec": "certhia.sinks.exec:open_exec",
    "file": "certhia.sinks.file:open_file",
    "kafka": "certhia.sinks.kafka:open_kafka",
    "nats": "certhia.sinks.nats:open_nats",
    "notify": "certhia.sinks.notify:open_notify",
    "redis": "certhia.sinks.redis:open_redis",
    "syslog": "certhia.sinks.syslog:open_syslog",
    "webhook": "certhia.sinks.webhook:open_webhook",
}


@dataclass(frozen=True, slots=True)
class Outside:
    """What sinks get of the world.

    Attributes:
        clock: tells the time.
        tell: says something to whoever runs the program.
        user_agent: for HTTP.
        directory: of the state, for what a sink has to keep; None where there is none.
        trusted: whether the settings are the operator's own: then any address may be asked, else only public ones.
        breakers: one for each host that is sent to.
        require_redis: whether every sink of type redis has to be there at the start.
    """

    clock: Clock
    tell: Tell
    user_agent: str
    directory: Path | None = None
    trusted: bool = True
    breakers: Breakers = field(default_factory=Breakers)
    require_redis: bool = False


async def open_sink(name: str, settings: SinkSettings, outside: Outside) -> Sink:
    """The sink; its name is `name`. Raises ConfigError where the settings make no sense on this machine."""
    module, _, function = TYPES[settings.type].partition(":")
    opener: Callable[[str, Any, Outside], Awaitable[Sink]] = getattr(import_module(module), function)
    return await opener(name, settings, outside)
