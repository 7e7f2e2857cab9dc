"""The few messages of a stream that are about no certificate; those of certificates are made in the core."""

from __future__ import annotations

import json
from typing import Final

Cursor = tuple[bytes, int]
"""Where a message stands: the log's id (32 bytes) and the entry's index in it."""

SLOW: Final = "slow"  # why a gap is: the client did not keep up
UNPROVEN: Final = "unproven-overflow"  # more waited for its proof than is kept
FROZEN: Final = "frozen"  # the log contradicted itself: nothing of it is proven any more
UPSTREAM: Final = "upstream"  # another server, whose stream this one hands on, missed it
FAULT: Final = "fault"  # something broke in the server
TOO_OLD: Final = "too-old"  # it is no longer there, or nothing is ever kept


def cursor(place: Cursor | None) -> str | None:
    """A cursor as messages have it: the first 8 bytes of the log's id in hex, a colon, the index."""
    return f"{place[0][:8].hex()}:{place[1]}" if place is not None else None


def gap(missed: int | None, first: Cursor | None, last: Cursor | None, reason: str) -> bytes:
    """That messages are missing here: how many, from which and up to which, and why; null for what nobody knows."""
    data = {"missed": missed, "from": cursor(first), "to": cursor(last), "reason": reason}
    return _json({"message_type": "gap", "data": data})


def heartbeat(now: float) -> bytes:
    """That the stream is alive, `now` in Unix seconds."""
    return _json({"message_type": "heartbeat", "timestamp": round(now, 3)})


def error(text: str) -> bytes:
    """Why the server closes the connection now, in full: the reason of a close frame has room for 123 bytes only."""
    return _json({"message_type": "error", "data": {"message": text}})


def _json(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode("ascii")
