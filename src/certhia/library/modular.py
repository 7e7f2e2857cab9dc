"""From settings to the modules of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from certhia.clock import Clock
from certhia.config import Settings
from certhia.events.bus import Bus
from certhia.handing import Added
from certhia.model import Match, Tell, Watched
from certhia.modules.host import Ground, Host
from certhia.net import Transport
from certhia.store.state import State

SOURCE: Final = "modules"  # who says so in events


async def added_of(
    settings: Settings,
    state: State,
    transport: Transport,
    stack: AsyncExitStack,
    *,
    rules: Callable[[], Watched],
    tell: Tell,
    bus: Bus,
    clock: Clock,
) -> Added:
    """The modules of a run, at work; `stack` lets them go. Raises ConfigError where one can't be had."""

    def publish(type: str, data: Mapping[str, Any], *, correlation: str = "") -> None:  # noqa: A002
        bus.publish(type, data, source=SOURCE, correlation=correlation)

    watch = settings.watch
    host = Host(Ground(clock, tell, publish, rules, state, transport, watch.rules, watch.files))
    stack.push_async_callback(host.close)
    await host.replace(settings.modules)
    return Added(host)


def works_of(added: Added) -> dict[str, Callable[[int], Awaitable[None]]]:
    """What is to run beside the logs, by what it is called when it breaks."""
    pages = added.host.pages
    return {"handing pages to modules": pages.run, "gathering pages for modules": pages.together.run}


def last_of(
    added: Added, others: Callable[[], Coroutine[Any, Any, None]] | None
) -> Callable[[], Coroutine[Any, Any, None]]:
    """What is done once all is read: pages that wait are handed on, and then the others have their turn."""

    async def last() -> None:
        await added.host.pages.drained()
        if others is not None:
            await others()

    return last


def routes_of(added: Added, others: Callable[[Match], Sequence[str]]) -> Callable[[Match], Sequence[str]]:
    """Who is told of a match besides all: these, and modules that see matches."""
    return lambda match: (*others(match), *added.host.routes(match))
