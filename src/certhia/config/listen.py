"""Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `:8080`, `8080`, `unix:/run/certhia.sock`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from certhia.render import quoted

UNIX: Final = "unix:"
LONGEST_PATH: Final = 100  # bytes: what every system takes (unix(7))

_ADDRESS: Final = re.compile(r"(?:(?:\[([0-9a-fA-F:.%a-z]+)\]|([^\[\]:\s/]*)):)?(\d{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Listen:
    """A host and a port, or the `path` of a Unix socket. Without a host it is every address of the machine; port 0 is
    any that is free."""

    host: str | None
    port: int
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{UNIX}{self.path}"
        host = f"[{self.host}]" if self.host and ":" in self.host else self.host or ""
        return f"{host}:{self.port}"


def listen(value: object) -> Listen:
    """An address from text. A port alone is one of 127.0.0.1, with a colon before it of all. Raises ValueError."""
    if isinstance(value, Listen):
        return value
    text = str(value).strip()
    if text.startswith(UNIX):
        path = text.removeprefix(UNIX)
        if not path.startswith("/") or not path.isprintable() or len(path.encode()) > LONGEST_PATH:
            raise ValueError(f"{quoted(text)} is no socket; write unix:/run/certhia.sock, {LONGEST_PATH} bytes at most")
        return Listen(None, 0, path)
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found[3]) > 65_535:
        raise ValueError(f"{quoted(text)} is no address; write 127.0.0.1:8080, [::1]:8080, or :8080 for all")
    if ":" not in text:
        return Listen("127.0.0.1", int(found[3]))
    return Listen(found[1] or found[2] or None, int(found[3]))
