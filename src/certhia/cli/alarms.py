"""`certhia alarms`: what kept whoever follows logs from seeing certificates, and until when."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings

LIMIT = 100  # alarms shown unless told otherwise


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("alarms")(alarms)


@opt.sets(opt.STATE)
def alarms(
    since: Annotated[
        str | None,
        typer.Option("--since", help="That were there since then: an age or a date (7d, 2026-03-01).", metavar="WHEN"),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="The most to show; 0 shows all.", min=0)] = LIMIT,
    format: Annotated[str, typer.Option("--format", "-f", help="human or jsonl.")] = "human",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show alarms, newest first, with the time they cleared; beside a running follower too."""
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.library.searching import moment_of
    from certhia.render import quoted

    if format not in ("human", "jsonl"):
        raise ConfigError(f"--format {quoted(format)} is none: write human or jsonl")
    after = moment_of("--since", since, Clock().now()) if since is not None else 0.0
    asyncio.run(_show(load(given, config), after, limit, json=format == "jsonl"))


async def _show(settings: Settings, since: float, limit: int, *, json: bool) -> None:
    from contextlib import aclosing

    from certhia.clock import Clock
    from certhia.library.alarmed import line
    from certhia.store.alarms import stored
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, shown = Clock(), 0
    async with (
        await State.open(state_place(settings.state.name), clock=clock, follow=False) as state,
        aclosing(stored(state, since)) as found,
    ):
        async for one in found:
            if limit and shown == limit:
                print(f"more are there: --limit {2 * limit}, or 0 for all, shows them", file=sys.stderr)
                break
            shown += 1
            print(line(one, clock.now(), json=json))
    if not shown:
        print("no alarms", file=sys.stderr)
