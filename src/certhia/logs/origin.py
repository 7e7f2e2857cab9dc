"""Where one log list comes from: fetched or read from a file, within bounds, its signature checked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from certhia.clock import Clock
from certhia.errors import BadAnswer, RemoteError, Unverified
from certhia.logs.hybrids import Hybrids
from certhia.logs.loglist import MAX_LIST, LogList, check_signature, parse
from certhia.net import Transport
from certhia.unpack import unpack

GOOGLE: Final = "https://www.gstatic.com/ct/log_list/v3/all_logs_list.json"
GOOGLE_SIGNATURE: Final = "https://www.gstatic.com/ct/log_list/v3/all_logs_list.sig"
APPLE: Final = "https://valid.apple.com/ct/log_list/current_log_list.json"

MAX_SIGNATURE: Final = 1 << 12  # bytes; Google's has 512
TIMEOUT: Final = 30.0  # seconds, each of list and signature


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a list comes from."""

    source: str  # "google", "apple", or "file" for one's own
    place: str  # URL or path
    signature: str | None  # URL or path of the detached signature; None: unsigned
    key: bytes | None = None  # PEM; None: the pinned one

    @property
    def local(self) -> bool:
        """Whether it is a file of this machine."""
        return not self.place.startswith(("https://", "http://"))

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.source if self.source != "file" else self.place

    @property
    def kept_as(self) -> str:
        """What the copy of it is kept by: the same wherever we are started."""
        return str(Path(self.place).expanduser().absolute()) if self.local else self.name


def google(key: bytes | None = None) -> Origin:
    """Google's list of all logs. `key`, PEM, replaces the pinned one."""
    return Origin("google", GOOGLE, GOOGLE_SIGNATURE, key)


def apple() -> Origin:
    """Apple's list. It has no signature."""
    return Origin("apple", APPLE, None)


def own(place: str, key: bytes | None) -> Origin:
    """A list of the user's, path or URL; with a key (PEM), its signature lies beside, `.sig` instead of `.json`."""
    return Origin("file", place, f"{place.removesuffix('.json')}.sig" if key else None, key)


async def fetch(origin: Origin, transport: Transport, clock: Clock) -> tuple[bytes, bytes]:
    """The list's bytes and its signature (empty where there is none). Raises RemoteError."""

    async def both() -> tuple[bytes, bytes]:
        body = await _get(origin, origin.place, MAX_LIST, transport, clock)
        if origin.signature is None:
            return body, b""
        return body, await _get(origin, origin.signature, MAX_SIGNATURE, transport, clock)

    body, signature = await both()
    if origin.signature is not None:
        try:
            check_signature(body, signature, origin.key)
        except Unverified:
            # Published anew between the two requests? Then a second look gives a pair that fits; `read` decides.
            return await both()
    return body, signature


def read(origin: Origin, body: bytes, signature: bytes, hybrids: Hybrids) -> LogList:
    """Checks the signature, then parses. Raises Unverified and BadAnswer."""
    try:
        if origin.signature is not None:
            check_signature(body, signature, origin.key)
        read = parse(body, source=origin.source, hybrids=hybrids)
    except RemoteError as error:
        raise type(error)(f"log list {origin.name}: {error}") from error
    return replace(
        read,
        signed=origin.signature is not None,
        notices=tuple(f"log list {origin.name}: {notice}" for notice in read.notices),
    )


async def _get(origin: Origin, place: str, cap: int, transport: Transport, clock: Clock) -> bytes:
    if origin.local:
        return await asyncio.to_thread(_read_file, place, cap)
    try:
        async with clock.deadline(TIMEOUT + 5):
            response = await transport.get(place, headers={"accept-encoding": "identity"}, cap=cap, timeout=TIMEOUT)
    except TimeoutError as error:
        raise RemoteError(f"log list {origin.name}: {place} did not answer within {TIMEOUT:.0f} s") from error
    except RemoteError as error:
        raise RemoteError(f"log list {origin.name}: {error}") from error
    if 300 <= response.status < 400:
        target = ascii(response.headers.get("location", ""))[:200]
        raise BadAnswer(f"log list {origin.name}: {place} redirects to {target}, which is not followed")
    if response.status != 200:
        raise BadAnswer(f"log list {origin.name}: {place} answered with status {response.status}")
    return await unpack(f"log list {origin.name}: {place}", response.body, cap)  # object storage packs unasked


def _read_file(place: str, cap: int) -> bytes:
    try:
        with Path(place).expanduser().open("rb") as file:
            body = file.read(cap + 1)
    except OSError as error:
        raise BadAnswer(f"log list {place}: can't be read: {error.strerror or error}") from error
    if len(body) > cap:
        raise BadAnswer(f"log list {place}: more than {cap} bytes")
    return body
