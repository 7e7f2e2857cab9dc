"""What the state knows of alarms, as somebody asks for it."""

from __future__ import annotations

from certhia.alarms.board import lasting
from certhia.clock import iso
from certhia.render import json_text, terminal
from certhia.store.alarms import Stored


def line(stored: Stored, now: float, *, json: bool) -> str:
    """One alarm, without a line's end; inert. `now`: Unix seconds."""
    alarm, cleared = stored.alarm, stored.cleared
    if json:
        return json_text(
            {
                "kind": alarm.key.replace(" ", ":").partition(":")[0],
                "key": alarm.key,
                "log": alarm.log or None,
                "text": alarm.text,
                "since": iso(alarm.since),
                "cleared": iso(cleared) if cleared is not None else None,
            }
        )
    lasted = lasting(max((now if cleared is None else cleared) - alarm.since, 0.0))
    ended = f"over after {lasted}" if cleared is not None else f"not over, {lasted} so far"
    return terminal(f"{iso(alarm.since)[:19].replace('T', ' ')}  {ended}  {alarm}")
