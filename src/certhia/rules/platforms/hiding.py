"""What is secret in a request to a platform, and texts without it: servers say in errors what they were sent."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote

HIDDEN: Final = "****"
SHORTEST: Final = 4  # characters; what is shorter stands in anything

_SECRET: Final = frozenset(("authorization", "cookie"))


def secrets_of(url: str, headers: Mapping[str, str]) -> Sequence[str]:
    """All that must not be shown of a request: credentials, as sent and in clear, and what stands in the query. The
    longest first."""
    found: set[str] = set()
    for value in (url.partition("?")[2], *(value for name, value in headers.items() if name.lower() in _SECRET)):
        found |= {value, *_secret_parts(value)}
    found |= {form for one in found for form in (quote(one, safe=""), unquote(one))}
    return sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True)


def _secret_parts(value: str) -> Iterator[str]:
    """Cookies, parameters and tokens without their names, which are no secrets."""
    for pair in re.split(r"[;&]", value):
        yield pair.partition("=")[2].strip()
    scheme, _, token = value.partition(" ")
    if scheme.lower() in ("bearer", "basic"):
        yield token.strip()
    if scheme.lower() == "basic":
        try:
            yield base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            return


def hidden(text: str, secrets: Sequence[str]) -> str:
    """A text without these."""
    for one in secrets:
        text = text.replace(one, HIDDEN)
    return text
