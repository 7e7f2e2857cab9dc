"""`certhia backfill`: reads what stands before the range that is followed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("backfill")(backfill)


def backfill(
    log: Annotated[
        str | None,
        typer.Argument(
            help="URL of the log, its id, words of its description, or all; shows what there is unless given."
        ),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Argument(help="As of `certhia watch`; where that runs, its rules count.", metavar="[RULE]..."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="beginning, an index, -N or a date.", rich_help_panel=opt.READING)
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Newest entries first.")] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="End the backfills of the log; what was read stays.")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it to the running follower, and don't wait.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Without a log: one JSON object a backfill.")] = False,
    watchlist: Annotated[
        list[Path] | None, typer.Option("--watchlist", "-w", help="File of rules; repeatable.", metavar="FILE")
    ] = None,
    memory: Annotated[str | None, typer.Option(help="For bodies in flight.", rich_help_panel=opt.READING)] = None,
    max_bandwidth: Annotated[
        str | None, typer.Option(help="Of all logs, such as 2MB/s.", rich_help_panel=opt.READING)
    ] = None,
    max_rate: Annotated[
        str | None, typer.Option(help="Requests a second, all logs.", rich_help_panel=opt.READING)
    ] = None,
    contact: opt.Contact = None,
    ca_file: opt.CaFile = None,
    lists: opt.ListNames = None,
    log_list: opt.OwnLists = None,
    log_key: opt.LogKeys = None,
    add_log: opt.AddLogs = None,
    allow: opt.Allow = None,
    deny: opt.Deny = None,
    include: opt.Include = None,
    expired: opt.Expired = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="human, jsonl, json, csv or silent.", rich_help_panel=opt.OUTPUT),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help="File, format by extension; repeatable.", rich_help_panel=opt.OUTPUT, metavar="FILE"
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only matches and errors.", rich_help_panel=opt.OUTPUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="More of what happens.", rich_help_panel=opt.OUTPUT)
    ] = False,
    state: opt.StateName = None,
    config: opt.Config = None,
) -> None:
    """Read and verify what stands before the followed range, beside a running follower or without one."""
    from certhia.config import load

    given = opt.flags(
        watch__rules=rules,
        watch__files=watchlist,
        read__memory=memory,
        read__max_bandwidth=max_bandwidth,
        read__max_rate=max_rate,
        read__contact=contact,
        read__ca_file=ca_file,
        logs__lists=lists,
        logs__log_list=log_list,
        logs__log_key=log_key,
        logs__add_log=add_log,
        logs__allow=allow,
        logs__deny=deny,
        logs__include=include,
        logs__expired=expired,
        output__format=format,
        output__files=output,
        output__quiet=quiet or None,
        output__verbose=verbose or None,
        state__name=state,
    )
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
    from certhia.store.place import state_dir
    from certhia.store.state import State

    async with await State.open(state_dir(settings.state.name), clock=Clock(), follow=False) as state:
        for line in await standing(state, as_json=as_json):
            print(line)
    return 0


async def _cancel(settings: Settings, wanted: str) -> int:
    from certhia.cli.wishes import cancel
    from certhia.clock import Clock
    from certhia.store.place import state_dir

    count = await cancel(state_dir(settings.state.name), wanted, Clock())
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
    from certhia.store.place import state_dir

    if begin is None:
        raise ConfigError("say where to begin: --from beginning, an index, -N or a date")
    try:
        point(begin)
    except ValueError as error:
        raise ConfigError(f"--from: {error}") from None
    request = jsonlib.dumps({"log": wanted, "from": begin, "reverse": reverse})
    directory = state_dir(settings.state.name)
    beside = Beside(directory, Clock(), quiet=settings.output.quiet)
    if holder(directory) is not None:
        return await beside.ask(request, detach=detach)
    if detach:
        raise ConfigError(f"{directory}: nobody follows, so there is nobody to leave it to: leave --detach away")
    try:
        began = Clock().now()
        await Session(settings, backfill=request).run()
        return await outcome(directory, Clock(), began)
    except Held:  # somebody began to follow just now
        return await beside.ask(request, detach=detach)
