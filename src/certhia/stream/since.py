"""Where a client wants to go on: after an entry that it was sent, or at a moment."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from certhia.errors import ConfigError
from certhia.quantity import duration
from certhia.render import quoted

PREFIX: Final = 8  # bytes of a log's id that stand in a cursor
MAX_SINCE: Final = 64  # characters of what a client asks for
FORMS: Final = (
    "a cursor as messages have it (c37a51e0bd66e0f1:1234567), -10m, Unix seconds, or a time such as "
    "2026-03-01T12:00:00Z"
)

_CURSOR: Final = re.compile(rf"([0-9a-fA-F]{{{2 * PREFIX}}}):(0|[1-9][0-9]{{0,17}})", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class After:
    """Behind the entry `index` of the log whose id begins with `log` (8 bytes)."""

    log: bytes
    index: int

    def __str__(self) -> str:
        """The cursor, as messages have it."""
        return f"{self.log.hex()}:{self.index}"


@dataclass(frozen=True, slots=True)
class Moment:
    """What was sent from a time on. Unix seconds."""

    at: float

    def __str__(self) -> str:
        """The seconds, as a client may write them."""
        return f"{max(self.at, 0.0):.3f}"


Since = After | Moment


def read(text: str, now: float) -> Since:
    """What `?since=` or `Last-Event-ID` says: a cursor, `-10m` (so long before `now`), Unix seconds, or RFC 3339.

    Raises ConfigError, whose text is for the client.
    """
    written = text.strip()
    if len(written) > MAX_SINCE:
        raise ConfigError(f"since: more than {MAX_SINCE} characters; write {FORMS}")
    if found := _CURSOR.fullmatch(written):
        return After(bytes.fromhex(found[1]), int(found[2]))
    if _SECONDS.fullmatch(written):
        return Moment(float(written))
    try:
        if written.startswith("-"):
            return Moment(now - duration(written[1:]))
        # In a query "+" stands for a space, and offsets have a plus.
        moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", written))
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        at = math.nan
    if not math.isfinite(at):
        raise ConfigError(f"since: {quoted(written)} is neither cursor nor time; write {FORMS}")
    return Moment(at)
