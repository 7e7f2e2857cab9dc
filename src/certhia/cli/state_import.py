"""`certhia state import`: goes on where ct-scout stood."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.library.importing.positions import Taken


def register(group: typer.Typer) -> None:
    """Adds the command."""
    group.command("import")(import_)


@opt.sets(*opt.LOGS, opt.STATE)
def import_(
    source: Annotated[
        str, typer.Argument(help="ct-scout's state file, or its database: postgresql://...", metavar="FILE|URL")
    ],
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Go on where ct-scout stood: with each log that has no position here yet, at its next entry.

    Nobody may follow with the state meanwhile. What ct-scout skipped or lost before is not found again.
    """
    from certhia import render
    from certhia.config import load

    taken = asyncio.run(_import(source, load(given, config)))
    for log, index in taken.taken.items():
        print(render.terminal(f"{log}: goes on at entry {index:,}"))
    for log in taken.there:
        print(render.terminal(f"{log}: has a position already, which stays"), file=sys.stderr)
    for url in taken.unknown:
        print(render.terminal(f"{url}: no known log has this URL"), file=sys.stderr)
    print(f"{len(taken.taken)} taken over, {len(taken.there)} were there, {len(taken.unknown)} unknown")


async def _import(source: str, settings: Settings) -> Taken:
    from certhia import render
    from certhia.clock import Clock
    from certhia.library.importing import positions
    from certhia.library.setup import choice_of, connect, sources_of
    from certhia.store import State
    from certhia.store.place import state_place

    clock, place = Clock(), state_place(settings.state.name)
    if "://" in source:
        found = await positions.of_database(source, clock)
    else:
        found = await asyncio.to_thread(positions.of_file, Path(source))
    async with connect(settings, clock) as transport:
        loaded = await sources_of(settings, choice_of(settings), transport, clock, place.directory).load()
    for notice in loaded.notices:
        print(render.terminal(notice), file=sys.stderr)
    async with await State.open(place, clock=clock, follow=True) as state:
        return await positions.take(found, loaded.logs, state)
