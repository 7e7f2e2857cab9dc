"""`certhia backfill`: reads what stands before the range that is followed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings

MATCHING = (opt.RULES.saying("As of `certhia watch`; where that runs, its rules count."), opt.WATCHLIST)
LOGS = opt.without(opt.LOGS, opt.LOG, opt.ACCEPT_DROP)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("backfill")(backfill)


@opt.sets(
    *MATCHING, *opt.AMOUNTS, *opt.NETWORK, *LOGS, *opt.MATCHES, opt.ALARMS, *opt.LOUDNESS, opt.LOG_LEVEL, opt.STATE
)
def backfill(
    log: Annotated[
        str | None,
        typer.Argument(
            help="URL of the log, its id, words of its description, or all; shows what there is unless given."
        ),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="beginning, an index, -N or a date.", rich_help_panel=opt.READING_PANEL)
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Newest entries first.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End the backfills of the log; what was read stays.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it to the running follower, and don't wait.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Without a log: one JSON object a backfill.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Read and verify what stands before the followed range, beside a running follower or without one."""
    from certhia.config import load

    settings = load(given, config)
    if log is None:
        work = _show(settings, as_json=json)
    elif cancel:
        work = _cancel(settings, log)
    else:
        work = _read(settings, log, from_, reverse=reverse, detach=detach)
    raise typer.Exit(asyncio.run(work))


async def _show(settings: Settings, *, as_json: bool) -> int:
    from certhia.cli.wishes import standing
    from certhia.clock import Clock
    from certhia.store.place import state_place
    from certhia.store.state import State

    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        for line in await standing(state, as_json=as_json):
            print(line)
    return 0


async def _cancel(settings: Settings, wanted: str) -> int:
    from certhia.cli.wishes import cancel
    from certhia.clock import Clock
    from certhia.store.place import state_place

    count = await cancel(state_place(settings.state.name), wanted, Clock())
    print(f"{count} backfills were cancelled; what they read stays verified")
    return 0


async def _read(settings: Settings, wanted: str, begin: str | None, *, reverse: bool, detach: bool) -> int:
    import json as jsonlib

    from certhia.cli.session import Session
    from certhia.cli.wishes import Beside, outcome
    from certhia.clock import Clock
    from certhia.errors import ConfigError
    from certhia.quantity import point
    from certhia.store.lock import Held, holder
    from certhia.store.place import state_place

    if begin is None:
        raise ConfigError("say where to begin: --from beginning, an index, -N or a date")
    try:
        point(begin)
    except ValueError as error:
        raise ConfigError(f"--from: {error}") from None
    request = jsonlib.dumps({"log": wanted, "from": begin, "reverse": reverse})
    place = state_place(settings.state.name)
    beside = Beside(place, Clock(), quiet=settings.output.quiet)
    if holder(place.directory) is not None:
        return await beside.ask(request, detach=detach)
    if detach:
        raise ConfigError(f"{place}: nobody follows, so there is nobody to leave it to: leave --detach away")
    try:
        began = Clock().now()
        await Session(settings, backfill=request).run()
        return await outcome(place, Clock(), began)
    except Held:  # somebody began to follow just now
        return await beside.ask(request, detach=detach)
