"""`certhia quarantine`: the entries that could not be decoded, what is known of them, and whether this version can."""

from __future__ import annotations

import asyncio
import fnmatch
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from certhia.config import Settings
    from certhia.model import Log, Quarantined
    from certhia.store.state import State

LIMIT = 100  # entries listed unless told otherwise

Globs = Annotated[
    list[str] | None,
    typer.Option("--log", help="Only logs whose operator, description or URL matches; repeatable.", metavar="GLOB"),
]

RULES = opt.RULES.saying("Watch rules to match those that can be read now.")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Entries that could not be decoded: list them, show one, try again.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("retry")(retry)
    group.command("seen")(seen)
    app.add_typer(group, name="quarantine")


@opt.sets(opt.STATE)
def list_(
    log: Globs = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also those that could be read later.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="The most to list; 0 lists all.", min=0)] = LIMIT,
    json: Annotated[bool, typer.Option("--json", help="One JSON object an entry.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """List the entries that could not be decoded: log, index, when, leaf hash and reason."""
    from certhia.config import load

    settings = load(given, config)
    asyncio.run(_list(settings, log or [], resolved=resolved, limit=limit, as_json=json))


@opt.sets(opt.STATE)
def show(
    log: Annotated[str, typer.Argument(help="URL of the log, its id, or words of its description.")],
    index: Annotated[int, typer.Argument(help="Index of the entry.", min=0)],
    json: Annotated[bool, typer.Option("--json", help="One JSON object, the leaf in base64.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show all that is known of one entry: reason, hash, names that can be found, its bytes, where to fetch it."""
    from certhia.config import load

    asyncio.run(_show(load(given, config), log, index, as_json=json))


@opt.sets(RULES, *opt.NETWORK, opt.STATE)
def retry(
    watchlist: opt.Watchlist = None,
    log: Globs = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch those again whose leaf was too large to keep.")] = False,
    format: Annotated[
        str, typer.Option("--format", "-f", help="human, jsonl, json, csv or silent, of matches.")
    ] = "human",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Decode them again with this version; those that can be read now are told, and marked as resolved."""
    from certhia.cli.retrial import Retrial
    from certhia.config import load

    settings = load({**given, "watch.files": watchlist}, config)
    asyncio.run(Retrial(settings, log or [], format=format, fetch=fetch).run())


@opt.sets(opt.STATE)
def seen(log: Globs = None, *, given: opt.Given, config: opt.Config = None) -> None:
    """End the alarms about entries that can't be read, by saying that they are seen; they stay in quarantine."""
    from certhia.config import load

    print(asyncio.run(_seen(load(given, config), log or [])))


async def selected(state: State, globs: list[str], *, resolved: bool = False) -> AsyncIterator[tuple[Log, Quarantined]]:
    """The entries of the logs that are meant, with their logs."""
    for log in await meant(state, globs):
        async for one in state.quarantined(log.id, resolved=resolved):
            yield log, one


async def meant(state: State, globs: list[str]) -> list[Log]:
    """The logs of which one of the patterns matches operator, description or a URL; all where there are none."""

    def means(log: Log) -> bool:
        texts = [text.lower() for text in (log.operator, log.description, log.url, log.monitoring_url)]
        return not globs or any(fnmatch.fnmatch(text, glob.lower()) for glob in globs for text in texts)

    return [one.log for one in await state.logs_seen() if means(one.log)]


async def _list(settings: Settings, globs: list[str], *, resolved: bool, limit: int, as_json: bool) -> None:
    import json

    from certhia import render
    from certhia.cli import quarantined as view
    from certhia.clock import Clock
    from certhia.store.place import state_place
    from certhia.store.state import State

    count, logs = 0, set()
    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        async for log, one in selected(state, globs, resolved=resolved):
            count += 1
            logs.add(log.id)
            if not limit or count <= limit:
                print(json.dumps(view.fields(log, one)) if as_json else render.terminal(view.line(log, one)))
    more = f"; {count - limit:,} more are not shown: --limit 0 lists all" if limit and count > limit else ""
    what = "entries" if resolved else "undecodable entries"
    print(f"{count:,} {what} in {len(logs)} logs{more}", file=sys.stderr)


async def _seen(settings: Settings, globs: list[str]) -> str:
    import json

    from certhia.alarms.unread import SEEN, Unread
    from certhia.cli.asking import ask
    from certhia.clock import Clock
    from certhia.store.lock import Held
    from certhia.store.place import state_place
    from certhia.store.state import State

    place, clock = state_place(settings.state.name), Clock()
    async with await State.open(place, clock=clock, follow=False) as state:
        wanted = json.dumps([log.id.hex() for log in await meant(state, globs)])
    try:
        async with await State.open(place, clock=clock, follow=True) as own:
            return await Unread(own).take(wanted)
    except Held:
        return await ask(place, SEEN, wanted, clock)


async def _show(settings: Settings, wanted: str, index: int, *, as_json: bool) -> None:
    import json

    from certhia import render
    from certhia.cli import quarantined as view
    from certhia.clock import Clock
    from certhia.errors import ConfigError
    from certhia.logs.finding import find
    from certhia.store.place import state_place
    from certhia.store.state import State

    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        log = find([seen.log for seen in await state.logs_seen()], wanted)
        found = [one async for one in state.quarantined(log.id, index=index)]
    if not found:
        raise ConfigError(
            f"{log.url}: entry {index} is not in quarantine in {state.place}: `certhia quarantine list` shows what is"
        )
    if as_json:
        print(json.dumps(view.fields(log, found[0], leaf=True)))
    else:
        print("\n".join(map(render.terminal, view.text(log, found[0]))))
