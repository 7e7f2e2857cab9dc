"""One event: the envelope that all kinds share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from certhia.clock import iso
from certhia.render import json_text

MISSED: Final = "events.missed"  # told to a subscriber who was too slow
ALL: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        id: a UUID of version 7 (RFC 9562 section 5.7): sorts by time, and is the same for everyone who is told.
        type: what happened, such as `match.found`; `certhia.events.types` lists them.
        timestamp: Unix seconds.
        source: who says so: `watch`, `serve`, `scan`, `modules`, ...
        data: what there is to say, ready for JSON; its fields go by the type and its version.
        metadata: `correlation_id`, the id of the match or of the scan that it belongs to, "" for none; `version`, of
            the type's fields.
    """

    id: str
    type: str
    timestamp: float
    source: str
    data: Mapping[str, object]
    metadata: Mapping[str, object]

    @property
    def correlation(self) -> str:
        """The id of the match (64 hex digits) or of the scan that it belongs to; "" for none."""
        return str(self.metadata.get("correlation_id", ""))


def record(event: Event) -> dict[str, object]:
    """An event's fields, ready for JSON. Texts are as they came: they leave through `render`."""
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": iso(event.timestamp),
        "source": event.source,
        "data": {**event.data},
        "metadata": {**event.metadata},
    }


def line(event: Event) -> str:
    """One line of JSON, without its end."""
    return json_text(record(event))


def wanted(type: str, types: Iterable[str]) -> bool:  # noqa: A002  (the field's name)
    """Whether one of `types` means it: names, or globs such as `scan.*`."""
    return any(one == type or fnmatchcase(type, one) for one in types)


class Ids:
    """Makes ids of events: UUIDs of version 7, in order also within a millisecond."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._tail = int.from_bytes(random(8), "big") >> 2  # 62 bits, the same for a whole run
        self._next = itertools.count()

    def new(self, now: float) -> str:
        """The next one. `now`: Unix seconds."""
        milliseconds = int(now * 1000) & (1 << 48) - 1
        count = next(self._next)
        # 12 bits of the counter stand behind the time, the others move the tail: ids of one run never meet.
        low = (self._tail + (count >> 12)) & (1 << 62) - 1
        text = f"{milliseconds << 80 | 7 << 76 | (count & 0xFFF) << 64 | 2 << 62 | low:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
