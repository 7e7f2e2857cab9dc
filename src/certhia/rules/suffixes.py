"""The public suffix list in use: the one shipped in the core, or one that the user has fetched since."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from certhia import render
from certhia._core import Suffixes
from certhia.clock import iso
from certhia.errors import BadAnswer, Malformed
from certhia.net import Transport
from certhia.unpack import unpack

URL: Final = "https://publicsuffix.org/list/public_suffix_list.dat"
MAX_LIST: Final = 4 << 20  # bytes
TIMEOUT: Final = 30.0  # seconds

SHIPPED: Final = "shipped with Certhia"


@dataclass(frozen=True, slots=True)
class InUse:
    """A public suffix list and where it is from.

    `source` is SHIPPED or the file's name; `fetched` is when that was written, in Unix seconds (0 for the shipped one);
    `notice` says why a fetched list that is there is not used.
    """

    suffixes: Suffixes
    source: str = SHIPPED
    fetched: float = 0.0
    notice: str = ""

    def __str__(self) -> str:
        """One line for people."""
        version = f", version {self.suffixes.version}" if self.suffixes.version else ""
        when = f", fetched {iso(self.fetched)[:10]}" if self.fetched else ""
        return f"public suffix list{version}, {len(self.suffixes):,} rules, {self.source}{when}"


def place() -> Path:
    """Where the fetched list is kept: `$XDG_CACHE_HOME/certhia/public_suffix_list.dat`."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(home) if home.startswith("/") else Path.home() / ".cache"  # a relative one is to be ignored
    return folder / "certhia" / "public_suffix_list.dat"


def in_use() -> InUse:
    """The list that rules, roots and look-alikes go by. Reads the disk; never fails."""
    path = place()
    try:
        with path.open("rb") as file:
            text = file.read(MAX_LIST + 1)
            fetched = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return InUse(Suffixes.shipped())
    except OSError as error:
        return _instead(f"{path}: cannot be read: {error.strerror or error}")
    try:
        return InUse(Suffixes.parse(text), str(path), fetched)
    except Malformed as error:
        return _instead(f"{path}: {render.terminal(str(error))}")


def _instead(why: str) -> InUse:
    notice = f"{why}; the public suffix list {SHIPPED} is used: certhia suffixes --refresh fetches a new one"
    return InUse(Suffixes.shipped(), notice=notice)


async def fetch(transport: Transport, url: str = URL) -> bytes:
    """A list from a server, checked: its bytes. Raises RemoteError."""
    response = await transport.get(url, headers={"accept-encoding": "identity"}, cap=MAX_LIST, timeout=TIMEOUT)
    if 300 <= response.status < 400:
        target = ascii(response.headers.get("location", ""))[:200]
        raise BadAnswer(f"{url} redirects to {target}, which is not followed; give that with --url if you trust it")
    if response.status != 200:
        raise BadAnswer(f"{url} answered with status {response.status}; the list in use stays as it is")
    body = await unpack(url, response.body, MAX_LIST)
    try:
        Suffixes.parse(body)
    except Malformed as error:
        reason = render.terminal(str(error))
        raise BadAnswer(f"{url} gives no public suffix list ({reason}); the list in use stays as it is") from error
    return body
