"""Where a certstream server is, and how its URL is shown: without what is nobody's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

SECRETS: Final = frozenset({"token", "access_token", "key", "apikey", "api_key"})


@dataclass(frozen=True, slots=True)
class Address:
    """`url` as the user gave it: ws and wss are WebSockets, http and https event streams."""

    url: str

    @property
    def is_events(self) -> bool:
        """Whether it gives server-sent events."""
        return urlsplit(self.url).scheme in ("http", "https")

    @property
    def shown(self) -> str:
        """The URL without a password or a token in it: it also names the source in the state."""
        parts = urlsplit(self.url)
        query = [(name, value) for name, value in _query(parts.query) if name.lower() not in SECRETS]
        said = [(name, value) for name, value in query if name != "since"]
        return urlunsplit(
            parts._replace(netloc=parts.netloc.rpartition("@")[2], query=urlencode(said, quote_via=quote))
        )

    def since(self, cursor: str) -> str:
        """The URL that goes on after a cursor; itself for ""."""
        if not cursor:
            return self.url
        parts = urlsplit(self.url)
        query = [(name, value) for name, value in _query(parts.query) if name != "since"]
        return urlunsplit(parts._replace(query=urlencode([*query, ("since", cursor)], quote_via=quote)))


def _query(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)
