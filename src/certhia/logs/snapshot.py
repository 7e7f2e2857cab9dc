"""What the follower knows of its logs, kept in the state for commands that look on."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence

from certhia.logs.status import Status
from certhia.model import Head, Health

NAME = "statuses"  # of the setting in the state
FRESH = 90.0  # seconds; an older snapshot is of a follower that is gone


def write(statuses: Sequence[Status], now: float) -> str:
    """The newest head and the health of each log, as text. `now`: Unix seconds."""
    logs = {
        b64encode(status.log.id).decode(): {
            "size": status.head.size,
            "root": b64encode(status.head.root).decode(),
            "timestamp": status.head.timestamp,
            "health": status.health.value,
        }
        for status in statuses
        if status.head is not None
    }
    return json.dumps({"at": now, "logs": logs})


def read(text: str | None, now: float) -> tuple[dict[bytes, Head], dict[bytes, Health]]:
    """Heads (without what was served) and healths by log id; empty where there is no fresh snapshot."""
    known = json.loads(text or "{}")
    if not known or abs(now - known["at"]) > FRESH:
        return {}, {}
    heads, healths = {}, {}
    for key, one in known["logs"].items():
        log_id = b64decode(key)
        heads[log_id] = Head(one["size"], b64decode(one["root"]), one["timestamp"], b"")
        healths[log_id] = Health(one["health"])
    return heads, healths
