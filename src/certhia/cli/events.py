"""`certhia events`: what happened, as the state keeps it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from certhia.config import Settings
    from certhia.events.event import Event
    from certhia.store.state import State

LIMIT = 100  # events shown unless told otherwise


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("events")(events)


@opt.sets(opt.STATE)
def events(
    since: Annotated[
        str | None,
        typer.Option("--since", help="Since then: an age or a date (7d, 2026-03-01).", metavar="WHEN"),
    ] = None,
    type: Annotated[
        list[str] | None,
        typer.Option("--type", "-t", help="Of this type, or of these: match.found, 'scan.*'; repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="The most to show, the last ones; 0 shows all.", min=0)] = LIMIT,
    format: Annotated[str, typer.Option("--format", "-f", help="human or json, a line each.")] = "human",
    follow: Annotated[bool, typer.Option("--follow", help="Go on with those that come.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show what happened, oldest first; beside a running follower too."""
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.events.event import line
    from certhia.events.naming import asked
    from certhia.events.words import line as human
    from certhia.library.searching import moment_of
    from certhia.render import quoted

    if format not in ("human", "json", "jsonl"):
        raise ConfigError(f"--format {quoted(format)} is none: write human or json")
    try:
        types = asked(type or "*")
    except ConfigError as error:
        raise ConfigError(f"--type {error}") from None
    after = moment_of("--since", since, Clock().now()) if since is not None else 0.0
    shown = human if format == "human" else line
    asyncio.run(_show(load(given, config), types, after, limit, shown, follow=follow))


async def _show(
    settings: Settings,
    types: tuple[str, ...],
    since: float,
    limit: int,
    shown: Callable[[Event], str],
    *,
    follow: bool,
) -> None:
    from contextlib import aclosing

    from certhia.clock import Clock
    from certhia.library.happened import events
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, count = Clock(), 0
    async with (
        await State.open(state_place(settings.state.name), clock=clock, follow=False) as state,
        aclosing(events(state, types, since=since, most=limit, clock=clock, follow=follow)) as found,
    ):
        if not follow:  # else what there is not yet may come
            await _check(state, types)
        async for one in found:
            count += 1
            print(shown(one), flush=follow)
    if not count:
        print("no events", file=sys.stderr)


async def _check(state: State, types: Sequence[str]) -> None:
    """Raises ConfigError for types that nothing is called."""
    from certhia.errors import ConfigError
    from certhia.events.naming import check_known
    from certhia.store.events import types_of

    try:
        check_known(types, await types_of(state))
    except ConfigError as error:
        raise ConfigError(f"--type {error}") from None
