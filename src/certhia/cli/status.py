"""`certhia status`: what whoever follows logs with a state is doing, and what is wrong."""

from __future__ import annotations

import asyncio
import json as jsonlib
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.cli.standing import Standing
    from certhia.clock import Clock
    from certhia.config import Settings
    from certhia.logs.snapshot import Picture
    from certhia.store.place import Place

NOBODY = 3  # exit status


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("status")(status)


@opt.sets(opt.STATE)
def status(
    json: Annotated[bool, typer.Option("--json", help="One JSON object, with every log and its requests.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit status: 0 well, 1 alarms, 2 usage, 3 nobody follows.")
    ] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show how a running follower is doing: logs, lag, matches, sinks, requests, alarms."""
    from certhia.config import load

    settings = load(given, config)
    raise typer.Exit(asyncio.run(_tell(settings, as_json=json, check=check)))


async def _tell(settings: Settings, *, as_json: bool, check: bool) -> int:
    from certhia.cli import standing as view
    from certhia.clock import Clock
    from certhia.store.place import is_there, state_place

    place = state_place(settings.state.name)
    if check and not await is_there(place):
        print(f"{place}: nobody follows, and nobody ever did: there is no state here")
        return NOBODY
    standing = await standing_of(place, Clock())
    if as_json:
        print(jsonlib.dumps(view.as_json(standing)))
    else:
        print("\n".join(view.lines(standing)))
    return standing.exit_status if check else 0


async def standing_of(place: Place, clock: Clock) -> Standing:
    """Reads the state beside whoever follows. Raises StateError."""
    from certhia.cli.standing import Standing
    from certhia.logs import snapshot
    from certhia.sinks.asked import SINKS
    from certhia.sinks.standing import noted
    from certhia.store.lock import begun
    from certhia.store.state import State

    async with await State.open(place, clock=clock, follow=False) as state:
        totals = await state.totals()
        picture = snapshot.picture(await state.recall(snapshot.NAME))
        steps = [position.at for position in (await state.positions()).values()]
        saved = [picture.at] if picture is not None else []
        process = await state.follower()
        began = begun(place.directory) if process is not None else None
        if process is not None and picture is not None and _of_earlier(picture, process, began):
            picture = None
        return Standing(
            state=str(place),
            process=process,
            picture=picture,
            waiting=await state.queues(),
            sinks=noted(await state.recall(SINKS), await state.letter_counts()),
            stored=totals["matches"],
            quarantined=totals["quarantine"],
            last_commit=max([*steps, *saved], default=None),
            now=clock.now(),
            silence=_silence(picture, began, clock),
        )


def _of_earlier(picture: Picture, process: int, began: float | None) -> bool:
    """Whether it is of an earlier run than that of the process which began then."""
    if process not in (0, picture.process):
        return True
    return began is not None and picture.boot is not None and picture.boot < began


def _silence(picture: Picture | None, began: float | None, clock: Clock) -> float:
    """Seconds since something was saved; since the run began, where nothing ever was."""
    boot, last = clock.boot(), began if picture is None else picture.boot
    if last is not None and last <= boot:
        return boot - last
    return clock.now() - picture.at if picture is not None else 0.0  # of another version, or another machine
