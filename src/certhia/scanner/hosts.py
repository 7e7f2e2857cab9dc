"""Host names as people write them, in A-labels."""

from __future__ import annotations

import re
from typing import Final

from certhia import render
from certhia._core import to_ascii
from certhia.errors import ConfigError, Malformed

INSTEAD: Final = "write www.example.com"

# One label is a host as well (`localhost`, a machine of the local network); the last one is no number.
_PLAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE | re.ASCII)
_SPACE = re.compile(r"\s")


class HostError(ConfigError):
    """Text that is no host name: what is wrong with it, and what to write instead."""

    def __init__(self, written: str, what: str, instead: str = INSTEAD) -> None:
        super().__init__(f"the host {render.quoted(written)} {what}; {instead}")
        self.what = what
        self.instead = instead


def is_plain(lowered: str) -> bool:
    """Whether this is a host name that stands for itself: most by far."""
    return _PLAIN.fullmatch(lowered) is not None and len(lowered) <= 253 and "xn--" not in lowered


def read_host(text: str) -> str:
    """A host name in A-labels, lower case, without a trailing dot. Raises HostError."""
    lowered = text.lower().removesuffix(".")
    if is_plain(lowered):
        return lowered
    _refuse_pasted(text, lowered)
    try:
        name = to_ascii(lowered)
    except Malformed as error:
        raise HostError(text, f"is no host name ({error.reason.partition(': ')[0]})") from error
    if len(name) > 253 or any(len(label) > 63 for label in name.split(".")):
        raise HostError(text, "is longer than a host name can be (253 characters, 63 a label)", "shorten it")
    if any(label[:1] == "-" or label[-1:] == "-" for label in name.split(".")):
        raise HostError(text, "has a label that begins or ends with a hyphen")
    if _NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        raise HostError(text, "ends in a number but is no address", "write 192.0.2.7")
    return name


def _refuse_pasted(text: str, lowered: str) -> None:
    """Tells what people paste by mistake from what is merely wrong."""
    if not lowered:
        raise HostError(text, "has no host")
    if "@" in text:
        host = render.terminal(text.rsplit("@", 1)[1])
        raise HostError(text, "looks like a mail address", f"write its host: {host or 'mail.example.com'}")
    if "," in text:
        raise HostError(text, "has a comma in it", "write one target a line (of a CSV file: cut -d, -f2)")
    if _SPACE.search(text):
        raise HostError(text, "has a space in it", "write one target a line")
    if "*" in text:
        raise HostError(text, "has a star, which stands for names nobody knows", "write the names themselves")
    if lowered.startswith("-"):
        raise HostError(text, "begins with a hyphen, as options do", "write options before it, and check their names")
    if lowered.startswith(".") or ".." in lowered:
        raise HostError(text, "has an empty label")
    last = lowered.rsplit(".", 1)[-1]
    if _NUMBER.fullmatch(last):
        raise HostError(text, "ends in a number but is no address", "write 192.0.2.7")
