"""From where a client left off to what comes live: what it has not had, in the same order, then everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certhia.stream import losses, notices, since
from certhia.stream.client import Client
from certhia.stream.forms import Asked
from certhia.stream.hub import Hub
from certhia.stream.places import Missing, Place
from certhia.stream.replay import Replay

if TYPE_CHECKING:
    from certhia.stream.history import History


def place(asked: Asked, history: History | None, now: float) -> Place | None:
    """Where a request goes on; None for one that begins with what comes now. Raises ConfigError, whose text is for the
    client."""
    if not asked.since:
        return None
    wanted = since.read(asked.since, now)
    return history.place(wanted, asked.wanted.order) if history is not None else None


async def follow(client: Client, asked: Asked, start: Place | None, hub: Hub, history: History | None) -> None:
    """Gives a client what it asks for, and joins it to what comes live: returns once that is done, or it leaves."""
    if start is None or history is None:
        if asked.since:
            client.lose(None, None, None, notices.TOO_OLD)
        hub.join(client, asked.wanted)
        return
    replay = Replay(history, start, asked.wanted)
    while not client.is_closing():
        while not client.is_closing() and (one := await replay.next()) is not None:
            if isinstance(one, Missing):
                losses.tell(client, one)
            else:
                client.send(one)
            await client.drained()
        if client.is_closing() or await hub.follow_on(client, asked.wanted, replay.reached):
            return


def after(asked: Asked, client: Client, before: Asked) -> Asked:
    """A new subscription of one who has not had all yet that it asked for: it goes on where it is."""
    if asked.since or not before.since:
        return asked
    here = notices.cursor(client.last) or before.since
    return Asked(asked.wanted, here, asked.options)
