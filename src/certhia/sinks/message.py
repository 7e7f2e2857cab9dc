"""What goes to a broker: JSON, with ct-scout's names of a match's fields among ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certhia.model import Delivery
from certhia.render import json_text
from certhia.sinks.record import record

# What tells one record that is no match from all others, whenever it is told.
NAMING: Final = ("id", "key", "event", "since", "name", "port", "stage")


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        id: the same for every repeat; printable ASCII without spaces.
        event: `ct_match`, as ct-scout calls it; `ct_alarm`, `ct_digest`; of an event its type.
        text: one JSON object in printable ASCII, on one line.
    """

    id: str
    event: str
    text: bytes


def message(delivery: Delivery) -> Message:
    """The match as `jsonl` has it, and what ct-scout's events say besides."""
    fields = record(delivery)
    event = "ct_match"
    told = {"event_type": event, **fields, "ct_log": fields["ct_log_url"]}
    return Message(delivery.key, event, json_text(told).encode("ascii"))


def noted(fields: Mapping[str, object]) -> Message:
    """A record that is no match, such as an alarm."""
    kind = str(fields.get("type", "note"))
    event = kind if "." in kind else f"ct_{kind}"
    fields = fields if "." in kind else {"event_type": event, **fields}
    name = "-".join(str(fields[key]) for key in NAMING if fields.get(key) is not None)
    told = json_text(fields).encode("ascii")
    return Message(
        "".join(one if one.isascii() and one.isprintable() and one != " " else "_" for one in name), event, told
    )
