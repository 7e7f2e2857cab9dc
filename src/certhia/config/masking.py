"""What is left of values when everything that may be secret in them is hidden."""

from __future__ import annotations

import re
from typing import Final

from pydantic.fields import FieldInfo

from certhia.config.keys import written

HIDDEN: Final = "****"

_USER: Final = re.compile(r"(?<=://)([^/?#\s@:]*):\S*@")  # a password may have anything in it
_SAID: Final = re.compile(r'^".*"(?=: | (?:is|has|must|says|begins|contains|names) )', re.DOTALL)
_REST: Final = re.compile(r"([a-zA-Z]+://[^/?#\s]+/?)\S*")


def masked(value: object, field: FieldInfo) -> object:
    """A value without passwords in URLs, the paths of webhooks and what headers say."""
    if isinstance(value, tuple | list):
        return [masked(one, field) for one in value]
    if isinstance(value, dict):
        return dict.fromkeys(value, HIDDEN)
    if not isinstance(value, str):
        return value
    how = written(field).removeprefix("list of ")
    if how == "header":
        return f"{value.partition(':')[0]}: {HIDDEN}"
    text = without_password(value)
    if how == "URL":
        found = _REST.fullmatch(text)
        return f"{found[1]}{HIDDEN}" if found and found[0] != found[1] else text
    return text


def without_password(text: str) -> str:
    """A text without the passwords of URLs in it."""
    return _USER.sub(rf"\1:{HIDDEN}@", text) if "@" in text else text


def without_value(complaint: str) -> str:
    """A complaint that begins with the value that it is about, in quotes, without that."""
    return _SAID.sub(f'"{HIDDEN}"', complaint)
