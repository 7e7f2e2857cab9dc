"""A delivery as a message to a broker: JSON, with ct-scout's names of a match's fields among ours."""

from __future__ import annotations

from certhia.model import Delivery
from certhia.render import json_text
from certhia.sinks.record import record

EVENT = "ct_match"


def message(delivery: Delivery) -> bytes:
    """One JSON object in printable ASCII: the match as `jsonl` has it, and what ct-scout's events say besides."""
    fields = record(delivery)
    return json_text({"event_type": EVENT, **fields, "ct_log": fields["ct_log_url"]}).encode("ascii")


def identity(delivery: Delivery) -> str:
    """What is the same for every repeat of a delivery: printable ASCII without spaces."""
    return delivery.match.key.hex()
