"""Events in words: one line for people, and as a record for sinks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certhia.clock import iso
from certhia.events.event import Event, record
from certhia.render import json_text, terminal

LONGEST: Final = 200  # characters of a value that are shown
FIRST: Final = ("text", "kind", "severity", "name", "names", "log", "error", "progress")  # fields that say the most


def line(event: Event) -> str:
    """When, what, and what there is to say of it. Inert."""
    mark = f" [{event.correlation[:16]}]" if event.correlation else ""
    return terminal(f"{iso(event.timestamp)[:19].replace('T', ' ')} {event.type:<22} {words(event)}{mark}")


def words(event: Event) -> str:
    """What there is to say of it; not yet inert."""
    data = dict(event.data)
    fields = [name for name in FIRST if name in data] + [name for name in data if name not in FIRST]
    return " ".join(f"{name}={_shown(data[name])}" for name in fields if data[name] not in (None, "", [], {}))


def told_of(event: Event) -> dict[str, object]:
    """An event as sinks tell it: the envelope, and a `text` for people."""
    return {**record(event), "text": words(event)}


def _shown(value: object) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, list | tuple):
        text = ",".join(map(_shown, value))
    elif isinstance(value, Mapping):
        text = json_text(value)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
