"""What the follower knows of its logs, kept in the state for commands that look on."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from certhia.logs.status import Status
from certhia.model import Head, Health

NAME = "statuses"  # of the setting in the state
FRESH = 90.0  # seconds; an older snapshot is of a follower that is gone
LONGEST = 500  # characters of what is said about a log


@dataclass(frozen=True, slots=True)
class Condition:
    """How the follower is getting on with one log."""

    health: Health
    unverified: bool = False  # followed without proof, as the log gives none
    trouble: str = ""  # what is wrong, or waited for


def write(statuses: Sequence[Status], now: float) -> str:
    """The newest head and the condition of each log, as text. `now`: Unix seconds."""
    logs = {b64encode(status.log.id).decode(): _one(status) for status in statuses}
    return json.dumps({"at": now, "logs": logs})


def _one(status: Status) -> dict[str, object]:
    known: dict[str, object] = {
        "health": status.health.value,
        "unverified": not status.provable,
        "trouble": status.trouble[:LONGEST],
    }
    if (head := status.head) is not None:
        known |= {"size": head.size, "root": b64encode(head.root).decode(), "timestamp": head.timestamp}
    return known


def read(text: str | None, now: float) -> tuple[dict[bytes, Head], dict[bytes, Condition]]:
    """Heads (without what was served) and conditions by log id; empty where there is no fresh snapshot."""
    known = json.loads(text or "{}")
    if not known or abs(now - known["at"]) > FRESH:
        return {}, {}
    heads, conditions = {}, {}
    for key, one in known["logs"].items():
        log_id = b64decode(key)
        if "size" in one:
            heads[log_id] = Head(one["size"], b64decode(one["root"]), one["timestamp"], b"")
        conditions[log_id] = Condition(Health(one["health"]), one.get("unverified", False), one.get("trouble", ""))
    return heads, conditions
