"""A URL that may hold a token, kept out of what people see: receivers repeat it in answers, clients in errors."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

SHOWN: Final = "..."
SHORTEST: Final = 8  # characters of a part that may be a token


class Hush:
    """Of one URL. `shown` is what may be shown of it: scheme, host and port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.shown = f"{parts.scheme}://{parts.netloc}/{SHOWN}"
        whole = [url, f"{parts.path}?{parts.query}"] if parts.query else [url]
        single = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
        single += [unquote(one) for one in single]
        hidden = {one: SHOWN for one in (parts.path, parts.query, *single) if len(one) >= SHORTEST}
        self._hidden = {url: self.shown} | dict.fromkeys(whole[1:], f"/{SHOWN}") | hidden
        longest = sorted(filter(None, self._hidden), key=len, reverse=True)
        self._any = re.compile("|".join(map(re.escape, longest)))

    def text(self, said: str) -> str:
        """What somebody said, without them: the URL, its path, and each part of it that is long enough for a token."""
        return self._any.sub(lambda found: self._hidden[found[0]], said)

    def body(self, said: bytes) -> bytes:
        """The same for bytes as they came."""
        return self.text(said.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def origin(url: str) -> str:
    """Scheme and host of a URL, or of what pretends to be one; empty for a path."""
    found = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[^/?#\\]{0,300}", url)
    return found[0].rpartition("@")[2] if found else ""
