"""Names in the text of scripts: in URLs, and in strings that look like a host.

A text is read in pieces of any size, with the same outcome, and little of it is kept. How sure it is that such a string
names a host, and one that has to do with the server, is in the confidence of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from certhia._core import registrable_domain
from certhia.scanner.content.extracting import Visit
from certhia.scanner.content.urls import is_zone, name_of
from certhia.scanner.records import Found

MAX_MENTIONS: Final = 2000  # names of one server's scripts
MAX_TRIED: Final = 20_000  # strings that may be names; what follows is not looked at

URL: Final = 0.9  # `https://api.example.com/`
HALF: Final = 0.8  # `"//api.example.com/`: by the page's own scheme
OWN: Final = 0.9  # "api.example.com" on a server below example.com
LONG: Final = 0.6  # "api.example.org"
SHORT: Final = 0.3  # "example.org", as there are as many fields of objects that look so

_HOST: Final = rb"[a-z0-9_-][a-z0-9_.-]{2,253}"
_MENTION: Final = re.compile(
    rb"(?:https?|wss?):(?:\\?/){2}(" + _HOST + rb")"
    rb"|[\"'`](?:(?:\\?/){2}(" + _HOST + rb")|((?:\*\.)?" + _HOST + rb")(?=[\"'`]))",
    re.IGNORECASE,
)
_TAIL: Final = 300  # longer than any mention
# What is a file more often than a host, though there are such top-level domains.
_ENDINGS: Final = frozenset(("app", "md", "mov", "pl", "ps", "py", "rs", "sh", "zip"))


class Scripts:
    """The extractor of these names: of all scripts of a visit."""

    def __init__(self, visit: Visit) -> None:
        self._mentions = Mentions(visit.sni or visit.host or visit.address)

    @property
    def full(self) -> bool:
        """See `extracting.Extractor`."""
        return self._mentions.full

    def extract(self, context: Visit) -> Iterable[Found]:
        """See `extracting.Extractor`."""
        piece = context.piece
        if piece is None or piece.kind not in {"script", "over", "end"}:
            return ()
        if isinstance(piece.text, bytes) and piece.kind == "script":
            self._mentions.feed(piece.text)
            return ()
        self._mentions.end()
        if piece.kind == "over":
            return ()
        return [Found(name, "script", sure) for name, sure in self._mentions.names.items()]


class Mentions:
    """Reads scripts of one server, one behind the other.

    Args:
        host: the server's name, where it has one.

    Attributes:
        names: with the highest confidence that each has.
        full: whether as many were found, or tried, as are looked for.
    """

    def __init__(self, host: str | None) -> None:
        self.names: dict[str, float] = {}
        self.full = False
        self._own = registrable_domain(host) if host else None
        self._tried: set[tuple[int, bytes]] = set()
        self._text = b""

    def feed(self, data: bytes) -> None:
        """More of a script."""
        if not self.full:
            self._text = self._search(self._text + data, _TAIL)

    def end(self) -> None:
        """The script is over."""
        self._search(self._text, 0)
        self._text = b""

    def _search(self, text: bytes, tail: int) -> bytes:
        """Looks for what begins before the last `tail` bytes. Returns what is to be looked at with more."""
        limit = max(0, len(text) - tail)
        at = 0
        while (found := _MENTION.search(text, at)) is not None and found.start() < limit and not self.full:
            at = found.end()
            kind = found.lastindex or 0
            self._try(kind, found[kind])
        return text[max(at, limit) :]

    def _try(self, kind: int, written: bytes) -> None:
        if (kind, written) in self._tried:
            return
        self._tried.add((kind, written))
        name = name_of(written.decode("ascii"))
        sure = self._confidence(kind, name) if name is not None else 0.0
        if name is not None and sure > self.names.get(name, 0.0):
            self.names[name] = sure
        self.full = len(self.names) >= MAX_MENTIONS or len(self._tried) >= MAX_TRIED

    def _confidence(self, kind: int, name: str) -> float:
        zone = name.rpartition(".")[2]
        domain = registrable_domain(name)
        if domain is None or not is_zone(zone):
            return 0.0
        if kind < 3:
            return URL if kind == 1 else HALF
        if domain == self._own:
            return OWN
        long = name != domain and not name.startswith("*.")
        return LONG if long and zone not in _ENDINGS else SHORT
