"""`certhia logs --accept`: has a frozen log go on, by way of the running follower, or without one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.store.state import State


def run(settings: Settings, wanted: str) -> None:
    """Prints what came of it. Raises ConfigError where no frozen log, or more than one, is meant."""
    print(asyncio.run(_accept(settings, wanted)))


async def _accept(settings: Settings, wanted: str) -> str:
    from certhia.cli.asking import ask
    from certhia.clock import Clock
    from certhia.freezing import ACCEPT, accepted
    from certhia.store.lock import Held
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, place = Clock(), state_place(settings.state.name)
    async with await State.open(place, clock=clock, follow=False) as state:
        log_id = await _frozen(state, wanted)
    try:
        async with await State.open(place, clock=clock, follow=True) as state:
            freeze = await state.accept(log_id)
        return "the log is not frozen: nothing to accept" if freeze is None else accepted(freeze)
    except Held:
        return await ask(place, ACCEPT, log_id.hex(), clock)


async def _frozen(state: State, wanted: str) -> bytes:
    """The id of the frozen log that is meant: by URL, id, or words of operator and description."""
    from certhia.logs.finding import find

    frozen = {one.log_id for one in await state.freezes() if one.accepted is None}
    logs = [seen.log for seen in await state.logs_seen() if seen.log.id in frozen]
    return find(logs, wanted, of=f"frozen log in {state.place}").id
