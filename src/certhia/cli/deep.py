"""`certhia fsck --deep`: whether the logs still serve what was verified."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.logs.differing import Difference
    from certhia.model import Log


async def check_again(settings: Settings, wanted: str | None, *, as_json: bool) -> int:
    """Reads all that was verified of the logs again, followed or backfilled; 1 where something differs or could not be
    had."""
    from certhia._core import Issuers
    from certhia.cli.ledger import chosen
    from certhia.clock import Clock
    from certhia.library.setup import connect
    from certhia.logs.again import Again
    from certhia.logs.client import client
    from certhia.logs.pace import Paces
    from certhia.store.place import state_place
    from certhia.store.state import State

    clock, status = Clock(), 0
    paces, issuers = Paces(clock), Issuers()
    async with (
        await State.open(state_place(settings.state.name), clock=clock, follow=False) as state,
        connect(settings, clock) as transport,
    ):
        for seen in await chosen(state, wanted):
            again = Again(client(seen.log, transport, paces, issuers, clock), clock, partial(_say, seen.log))
            found = unread = 0
            async for one in again.check(state.steps_at_leisure(seen.log.id), await state.blocks(seen.log.id)):
                found, unread = found + (not one.unread), unread + one.unread
                print(_as_json(seen.log, one) if as_json else _line(seen.log, one), flush=True)
            verdict = _verdict(found, unread)
            old = f", {again.backfilled:,} of them in {_blocks(again.blocks)}" if again.blocks else ""
            print(f"{_name(seen.log)}: {again.checked:,} entries read again{old}: {verdict}", file=sys.stderr)
            status = max(status, int(found + unread > 0))
    return status


def _name(log: Log) -> str:
    from certhia import render

    return render.terminal(log.description or log.url)


def _say(log: Log, text: str) -> None:
    from certhia import render

    print(f"{_name(log)}: {render.terminal(text)}", file=sys.stderr, flush=True)


def _verdict(found: int, unread: int) -> str:
    """What was found, and how many ranges and blocks the log did not give."""
    told = [f"{found} differences"] if found else []
    told += [f"{unread} range{'s' if unread != 1 else ''} could not be read again"] if unread else []
    return ", ".join(told) or "as verified"


def _blocks(count: int) -> str:
    return f"{count:,} backfilled block" + ("s" if count != 1 else "")


def _line(log: Log, one: Difference) -> str:
    from certhia import render

    place = f"entry {one.start}" if one.end - one.start == 1 else f"entries {one.start} to {one.end - 1}"
    unread = "could not be read again: " if one.unread else ""
    start, end = one.part
    block = f" of the backfilled block {start} to {end - 1}" if one.backfilled else ""
    return f"{_name(log)}: {place}{block}: {unread}{render.terminal(one.what)}"


def _as_json(log: Log, one: Difference) -> str:
    from certhia import render

    fields = {
        "log_url": log.url,
        "start": one.start,
        "end": one.end,
        "what": one.what,
        "unread": one.unread,
        "backfilled": one.backfilled,
        "part": {"start": one.part[0], "end": one.part[1]},
    }
    return render.json_text(fields)
