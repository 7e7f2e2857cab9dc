"""`certhia matches`: what was found so far, as the state holds it."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.sinks.formats import Format
    from certhia.store.searching import Wanted

LIMIT = 100  # matches shown unless told otherwise


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("matches")(matches)


@opt.sets(opt.STATE)
def matches(
    domain: Annotated[
        str | None,
        typer.Option(
            "--domain",
            help="Of a name of theirs, as in watch rules: *.example.com, example.com, =a.example.",
            metavar="RULE",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Seen since then: an age or a date (7d, 2026-03-01).", metavar="WHEN")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Seen before; likewise.", metavar="WHEN")] = None,
    program: Annotated[str | None, typer.Option("--program", help="Of this programme.", metavar="NAME")] = None,
    limit: Annotated[int, typer.Option("--limit", help="The most to show; 0 shows all.", min=0)] = LIMIT,
    offset: Annotated[int, typer.Option("--offset", help="Leave out so many of the newest.", min=0)] = 0,
    format: Annotated[str, typer.Option("--format", "-f", help="human, jsonl, json or csv.")] = "human",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show stored matches, newest first, beside a running follower too; exit status 1 where there is none."""
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.library.searching import wanted
    from certhia.sinks.formats import Format
    from certhia.sinks.human import wants_color

    settings = load(given, config)
    what = wanted(domain=domain, programme=program, since=since, until=until, now=Clock().now())
    shape = Format(format, color=wants_color(settings.output.color, sys.stdout, os.environ))
    shown = asyncio.run(_show(settings, what, shape, limit=limit, offset=offset))
    raise typer.Exit(0 if shown else 1)


async def _show(settings: Settings, wanted: Wanted, format: Format, *, limit: int, offset: int) -> int:
    """Prints them; gives how many."""
    from certhia.clock import Clock
    from certhia.model import Delivery
    from certhia.render import encode, encoding
    from certhia.store.place import state_place
    from certhia.store.searching import search
    from certhia.store.state import State

    charset, place = encoding(sys.stdout.encoding, os.environ), 0
    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        sys.stdout.write(format.header)
        async for stored in search(state, wanted):
            place += 1
            if place <= offset:
                continue
            if limit and place > offset + limit:
                print(f"more are there: --offset {offset + limit} shows them", file=sys.stderr)
                break
            text = format.text(Delivery(stored.id, stored.match))
            sys.stdout.write(encode(text, charset).decode(charset))
    return max(min(place - offset, limit or place), 0)
