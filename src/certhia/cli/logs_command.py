"""`certhia logs`: every known log, how far we are in it, and why it is or isn't followed."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from certhia.clock import Clock
    from certhia.config import (
        Settings,
    )
    from certhia.logs.select import Chosen
    from certhia.logs.snapshot import Condition
    from certhia.model import Head
    from certhia.net import Transport
    from certhia.store import Position

ANSWER_WITHIN = 60.0  # seconds that a running follower has to load the lists
ASK_WITHIN = 10.0  # seconds that all logs together have to answer


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("logs")(logs)


@opt.sets(*opt.LOGS, *opt.NETWORK, opt.STATE)
def logs(
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help="Have the running follower load the lists again.")] = False,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept", help="Have a frozen log go on: its URL, id, or words of its description.", metavar="LOG"
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no log for its size.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show every known log: its size, our position and lag, and why it is or isn't followed."""
    from certhia.config import load

    settings = load(given, config)
    if accept is not None:
        from certhia.cli import accept as acceptance

        acceptance.run(settings, accept)
    elif refresh:
        asyncio.run(_refresh(settings))
    else:
        asyncio.run(_show(settings, as_json=json, offline=offline))


async def _refresh(settings: Settings) -> None:
    """Leaves a request in the state and waits for the follower's answer."""
    from certhia.clock import Clock
    from certhia.errors import StateError
    from certhia.housekeeping import REFRESH
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock = Clock()
    async with await State.open(state_place(settings.state.name), clock=clock, follow=False) as state:
        request = await state.request(REFRESH, "")
        try:
            async with clock.deadline(ANSWER_WITHIN):
                while (answer := await state.answer(request)) is None:
                    await clock.sleep(0.2)
        except TimeoutError:
            raise StateError(
                f"{state.place}: nobody took up the request in {ANSWER_WITHIN:.0f} s; is certhia watch running "
                "there? The next one that does loads the lists anyway"
            ) from None
    print(answer)


async def _show(settings: Settings, *, as_json: bool, offline: bool) -> None:
    from rich.console import Console

    from certhia import render
    from certhia.cli import logs as view
    from certhia.clock import Clock
    from certhia.library.setup import choice_of, connect, sources_of
    from certhia.logs import snapshot
    from certhia.logs.roster import recall_followed, verdicts
    from certhia.store.place import is_there, state_place
    from certhia.store.state import State

    clock = Clock()
    place = state_place(settings.state.name)
    async with connect(settings, clock) as transport:
        choice = choice_of(settings)
        loaded = await sources_of(settings, choice, transport, clock, place.directory).load()
        for notice in loaded.notices:
            print(render.terminal(notice), file=sys.stderr)
        positions: Mapping[bytes, Position] = {}
        followed: Mapping[bytes, str] = {}
        heads: Mapping[bytes, Head] = {}
        conditions: Mapping[bytes, Condition] = {}
        if await is_there(place):
            async with await State.open(place, clock=clock, follow=False) as state:
                positions = await state.positions()
                followed = await recall_followed(state)
                heads, conditions = snapshot.read(await state.recall(snapshot.NAME), clock.now())
        chosen = verdicts(loaded.logs, choice, clock.now(), followed)
        if not heads and not offline:
            heads = await _asked([one for one in chosen if one.followed], transport, clock)
    rows = view.rows(chosen, positions, heads, conditions, clock.now())
    if as_json:
        print(view.as_json(rows))
    else:
        view.table(rows, Console())


async def _asked(followed: Sequence[Chosen], transport: Transport, clock: Clock) -> dict[bytes, Head]:
    """The heads of those logs that give one in time. Nobody follows just now, so they are asked."""
    from certhia._core import Issuers
    from certhia.errors import RemoteError
    from certhia.logs.client import client
    from certhia.logs.pace import Paces

    heads: dict[bytes, Head] = {}
    paces, issuers = Paces(clock), Issuers()

    async def ask(one: Chosen) -> None:
        try:
            async with clock.deadline(ASK_WITHIN):
                heads[one.log.id] = await client(one.log, transport, paces, issuers, clock).head()
        except (RemoteError, TimeoutError):
            return  # its size stays unknown, which the table shows

    await asyncio.gather(*(ask(one) for one in followed))
    return heads
