"""`certhia outbox`: what waits for sinks, what was refused or given up, and what is to become of it."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.sinks.asked import Asked
    from certhia.store.letters import Letter
    from certhia.store.state import State

LIMIT = 100  # deliveries listed unless told otherwise

SinkName = Annotated[str, typer.Argument(help="Name of the sink.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of deliveries, as `certhia outbox list` shows them.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(
        help="What sinks were not told yet: list it, show one, try again, drop it.", no_args_is_help=True
    )
    group.command("list")(list_)
    group.command("show")(show)
    group.command("retry")(retry)
    group.command("drop")(drop)
    app.add_typer(group, name="outbox")


@opt.sets(opt.STATE)
def list_(
    sink: Annotated[str | None, typer.Argument(help="Of this sink alone.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Also what just waits for its turn.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="The most to list; 0 lists all.", min=0)] = LIMIT,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a delivery.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """List dead letters and what is held back, the oldest first; then, on stderr, how much of each sink's there is."""
    from certhia.config import load

    settings = load(given, config)
    asyncio.run(_list(settings, sink or "", waiting=waiting, limit=limit, as_json=json))


@opt.sets(opt.STATE)
def show(
    number: Annotated[int, typer.Argument(help="Number of the delivery.", min=1)],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show one delivery: to whom, how often it was tried, why that failed, and the match."""
    from certhia.config import load

    asyncio.run(_show(load(given, config), number, as_json=json))


@opt.sets(opt.STATE)
def retry(sink: SinkName, numbers: Ids = None, *, given: opt.Given, config: opt.Config = None) -> None:
    """Try dead letters, and what is held back, again: all of a sink, or those named. Wakes a sink that is gone."""
    from certhia.config import load
    from certhia.sinks.asked import Asked

    print(asyncio.run(_ask(load(given, config), Asked("retry", sink, numbers or ()))))


@opt.sets(opt.STATE)
def drop(
    sink: SinkName,
    numbers: Ids = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Also what just waits for its turn.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Drop dead letters, and what is held back: all of a sink, or those named. The matches stay."""
    from certhia.config import load
    from certhia.sinks.asked import Asked

    print(asyncio.run(_ask(load(given, config), Asked("drop", sink, numbers or (), waiting))))


async def _opened(settings: Settings) -> State:
    from certhia.clock import Clock
    from certhia.store.place import state_place
    from certhia.store.state import State

    return await State.open(state_place(settings.state.name), clock=Clock(), follow=False)


async def _list(settings: Settings, sink: str, *, waiting: bool, limit: int, as_json: bool) -> None:
    from certhia.store.letters import NAMES, Wanted
    from certhia.store.schema import DEAD, HELD, PENDING

    states = (*([PENDING] if waiting else []), HELD, DEAD)
    async with await _opened(settings) as state:
        shown = after = 0
        while not limit or shown < limit:
            most = min(500, limit - shown) if limit else 500
            letters = await state.letters(Wanted(sink, states, (), after, most))
            if not letters:
                break
            for letter in letters:
                print(_as_json(letter) if as_json else _line(letter))
            shown, after = shown + len(letters), letters[-1].id
        counts = await state.letter_counts()
    for name, by_state in sorted(counts.items()):
        if sink in ("", name):
            told = ", ".join(f"{count:,} {NAMES[number]}" for number, count in sorted(by_state.items()))
            print(f"{name}: {told}", file=sys.stderr)


async def _show(settings: Settings, number: int, *, as_json: bool) -> None:
    from certhia.errors import ConfigError
    from certhia.model import Delivery
    from certhia.sinks.human import line
    from certhia.store.letters import NAMES, Wanted

    async with await _opened(settings) as state:
        letters = await state.letters(Wanted(states=NAMES, ids=[number]))
    if not letters:
        raise ConfigError(f"there is no delivery {number} here: `certhia outbox list` shows those that there are")
    (letter,) = letters
    if as_json:
        print(_as_json(letter))
        return
    print(_line(letter))
    print(line(Delivery(letter.id, letter.match), color=False, brief=False), end="")


async def _ask(settings: Settings, wish: Asked) -> str:
    from certhia.cli.asking import ask
    from certhia.clock import Clock
    from certhia.sinks.asked import OUTBOX, fulfil, told
    from certhia.store.lock import Held
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, place = Clock(), state_place(settings.state.name)
    await (await State.open(place, clock=clock, follow=False)).close()  # to follow would make one
    try:
        async with await State.open(place, clock=clock, follow=True) as state:
            return told(wish, await fulfil(state, wish, clock.now()))
    except Held:
        return await ask(place, OUTBOX, wish.payload(), clock)


def _line(letter: Letter) -> str:
    from certhia import render
    from certhia.clock import iso
    from certhia.sinks.record import matched_name
    from certhia.store.letters import NAMES
    from certhia.store.schema import HELD

    name = render.short(matched_name(letter.match), 40)
    at = f" {'next ' if letter.state == HELD else ''}{iso(letter.next_at)[:19]}Z" if letter.next_at else ""
    tried = f" after {letter.attempts} attempt{'s' if letter.attempts != 1 else ''}" if letter.attempts else ""
    why = f": {render.terminal(letter.error)}" if letter.error else ""
    return f"{letter.id} {render.terminal(letter.sink)} {NAMES[letter.state]}{at}{tried} {name}{why}"


def _as_json(letter: Letter) -> str:
    from certhia import render
    from certhia.clock import iso
    from certhia.sinks.record import record
    from certhia.store.letters import NAMES

    fields = {
        "id": letter.id,
        "sink": letter.sink,
        "state": NAMES[letter.state],
        "attempts": letter.attempts,
        "next_at": iso(letter.next_at) if letter.next_at else None,
        "error": letter.error or None,
        "match": record(letter.match),
    }
    return render.json_text(fields)
