"""`certhia logs --accept`: has a frozen log go on, by way of the running follower, or without one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from certhia.clock import Clock
    from certhia.config import Settings
    from certhia.store.state import State

ANSWER_WITHIN = 60.0  # seconds that a running follower has


def run(settings: Settings, wanted: str) -> None:
    """Prints what came of it. Raises ConfigError where no frozen log, or more than one, is meant."""
    print(asyncio.run(_accept(settings, wanted)))


async def _accept(settings: Settings, wanted: str) -> str:
    from certhia.clock import Clock
    from certhia.freezing import accepted
    from certhia.store.lock import Held
    from certhia.store.place import state_dir
    from certhia.store.state import State

    clock, directory = Clock(), state_dir(settings.state.name)
    async with await State.open(directory, clock=clock, follow=False) as state:
        log_id = await _frozen(state, wanted)
    try:
        async with await State.open(directory, clock=clock, follow=True) as state:
            freeze = await state.accept(log_id)
        return "the log is not frozen: nothing to accept" if freeze is None else accepted(freeze)
    except Held:
        return await _asked(directory, log_id, clock)


async def _frozen(state: State, wanted: str) -> bytes:
    """The id of the frozen log that is meant: by URL, id, or words of operator and description."""
    from certhia import render
    from certhia.errors import ConfigError
    from certhia.logs.select import log_id, log_url

    frozen = {one.log_id for one in await state.freezes() if one.accepted is None}
    logs = [seen.log for seen in await state.logs_seen() if seen.log.id in frozen]
    url, identity, words = log_url(wanted), log_id(wanted), wanted.lower()
    found = [log for log in logs if url in (log.submission_url, log.monitoring_url) or log.id == identity]
    found = found or [log for log in logs if words in f"{log.operator} {log.description}".lower()]
    if len(found) == 1:
        return found[0].id
    named = ", ".join(render.terminal(log.url) for log in (found or logs))
    which = "several frozen logs are" if found else "no frozen log is"
    raise ConfigError(f"{which} called {render.quoted(wanted)} in {state.directory}: frozen are {named or 'none'}")


async def _asked(directory: Path, log_id: bytes, clock: Clock) -> str:
    """Leaves a request for the running follower, and waits for its answer. Raises StateError."""
    from certhia.errors import StateError
    from certhia.freezing import ACCEPT
    from certhia.store.state import State

    async with await State.open(directory, clock=clock, follow=False) as state:
        request = await state.request(ACCEPT, log_id.hex())
        try:
            async with clock.deadline(ANSWER_WITHIN):
                while (answer := await state.answer(request)) is None:
                    await clock.sleep(0.2)
        except TimeoutError:
            raise StateError(
                f"{directory}: nobody took up the request in {ANSWER_WITHIN:.0f} s; the next `certhia watch` there does"
            ) from None
        return answer
