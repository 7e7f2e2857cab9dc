"""`certhia state`: the state as a whole: copies of it, and what is kept in it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt
from certhia.cli import state_import

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.store.retention import Kept

KEEPING = (
    opt.Option("--max-matches", int, "state.max_matches", "How many matches to keep.", metavar="N"),
    opt.Option("--keep-matches", str, "state.keep_matches", "How long to keep told matches.", metavar="AGE"),
    opt.Option(
        "--keep-quarantine",
        str,
        "state.keep_quarantine",
        "How long to keep the bytes of undecodable entries.",
        metavar="AGE",
    ),
    opt.Option(
        "--keep-dead-letters", str, "state.keep_dead_letters", "How long to keep what a sink never took.", metavar="AGE"
    ),
    opt.Option("--keep-alarms", str, "state.keep_alarms", "How long to keep alarms that cleared.", metavar="AGE"),
    opt.Option(
        "--keep-ledger", str, "state.keep_ledger", "How long to keep every step; then one an hour.", metavar="AGE"
    ),
)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        help="The state as a whole: back it up, restore it, let go of what is old, take over.",
        no_args_is_help=True,
    )
    group.command("backup")(backup)
    group.command("restore")(restore)
    group.command("prune")(prune)
    state_import.register(group)
    app.add_typer(group, name="state")


@opt.sets(opt.STATE)
def backup(
    file: Annotated[Path, typer.Argument(help="New file for the copy.")],
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Copy the whole state, as of one moment, to a new file; a follower may go on meanwhile."""
    from certhia import render
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.store.backup import backup as copy
    from certhia.store.place import state_place

    made = asyncio.run(copy(state_place(load(given, config).state.name), file, clock=Clock()))
    print(render.terminal(f"{made.path}: {made.size:,} bytes, {made.logs:,} logs, {made.matches:,} matches"))


@opt.sets(opt.STATE)
def restore(
    file: Annotated[Path, typer.Argument(help="A copy that `certhia state backup` made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Put it in the place of a state that is there.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Make a state of a backup; nobody may follow logs with it meanwhile."""
    from certhia import render
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.store.backup import restore as put
    from certhia.store.place import state_place

    place = state_place(load(given, config).state.name)
    copy = asyncio.run(put(place, file, clock=Clock(), replace=replace))
    print(render.terminal(f"{place}: restored from {copy.path}: {copy.logs:,} logs, {copy.matches:,} matches"))


@opt.sets(*KEEPING, opt.STATE)
def prune(*, given: opt.Given, config: opt.Config = None) -> None:
    """Let go now of what is older than is to be kept, by way of the running follower where there is one."""
    from certhia.config import load
    from certhia.library.setup import kept_of

    settings = load(given, config)
    print(asyncio.run(_prune(settings, kept_of(settings))))


async def _prune(settings: Settings, kept: Kept) -> str:
    import json
    from dataclasses import asdict

    from certhia.cli.asking import ask
    from certhia.clock import Clock
    from certhia.housekeeping import PRUNE
    from certhia.store.lock import Held
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, place = Clock(), state_place(settings.state.name)
    async with await State.open(place, clock=clock, follow=False):
        pass  # a state that isn't there is not made here
    try:
        async with await State.open(place, clock=clock, follow=True) as state:
            return str(await state.writer.keep(kept))
    except Held:
        return await ask(place, PRUNE, json.dumps(asdict(kept)), clock)
