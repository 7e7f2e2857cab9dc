"""The logs that messages name, as far as a server can be believed: each has an id of its own, which is no log's.

What a server says of a log is kept apart from what the log itself says: nothing of it is proven, none of it counts for
the log's ledger, and the same index may be told by both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from certhia._core import Source
from certhia.certstream.messages import Told, text_of
from certhia.model import Log, Protocol

MAX_CALLED: Final = 2047  # bytes of a log's name, operator and URLs: what the core takes, and a slash
MAX_ORIGINS: Final = 1000  # logs that one server may name; what it says of further ones counts as of one unnamed log


@dataclass(frozen=True, slots=True)
class Origin:
    """One log, by what one server says of it.

    Attributes:
        log: as matches and the state have it: its operator is "certstream URL", who vouches for it.
        named: as clients of our own stream are told of it.
        source: the same for the core.
    """

    log: Log
    named: Log
    source: Source


class Origins:
    """Those of one server."""

    def __init__(self, shown: str, now: Callable[[], float]) -> None:
        """`shown`: the server's URL as people may see it."""
        self._shown = shown
        self._now = now
        self._known: dict[tuple[str, str], Origin] = {}
        self._last = 0

    def of(self, told: Told) -> Origin:
        """The log that a message is about."""
        key = text_of(told.source.get("url")), text_of(told.source.get("name"))
        if key == ("", ""):
            key = "", told.cursor.partition(":")[0]
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_ORIGINS:
                key = "", ""
            known = self._known.setdefault(key, self._made(*key, told))
        return known

    def index(self, told: Told) -> int:
        """Where the entry stands; of a message that does not say, the microsecond of its coming."""
        if told.index is not None:
            return told.index
        self._last = max(self._last + 1, round(self._now() * 1_000_000))
        return self._last

    def _made(self, url: str, name: str, told: Told) -> Origin:
        url, name = _short(url), _short(name)
        key = "\0".join(
            ("certstream", self._shown, url, name)
        ).encode()  # ids are hashes of keys; nothing is signed by it
        log_id = hashlib.sha256(key).digest()
        link, kind = _short(text_of(told.data.get("cert_link"))), text_of(told.source.get("type"))
        address = (url if url.endswith("/") else f"{url}/") if url else self._shown
        tiles = link.partition("tile/data/")[0] if "tile/data/" in link else address
        static = kind == "tiled" or "tile/data/" in link
        named = Log(
            id=log_id,
            key=key,
            description=name or url or self._shown,
            operator=_short(text_of(told.source.get("operator"))),
            protocol=Protocol.STATIC if static else Protocol.RFC6962,
            submission_url=address,
            monitoring_url=tiles,
        )
        log = Log(
            log_id, key, named.description, f"certstream {self._shown}", named.protocol, address, named.monitoring_url
        )
        source = Source(log_id, named.description, address, "tiled" if static else "rfc6962", named.operator, tiles)
        return Origin(log, named, source)


def _short(text: str) -> str:
    """As much as the core takes of what a log is called; the rest of a name that long says nothing."""
    return text.encode()[:MAX_CALLED].decode("utf-8", "ignore")
