"""WebSocket connections (RFC 6455): the handshake, what clients say, pings, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
from collections import deque
from typing import TYPE_CHECKING, Final

from certhia.errors import ConfigError
from certhia.stream import frames, notices
from certhia.stream.client import Client
from certhia.stream.frames import Received, Violation
from certhia.stream.takeover import GOODBYE, Connection

if TYPE_CHECKING:
    from multidict import MultiMapping

MAX_FRAMES: Final = 100  # that a client may send in a second, and that much in advance
PING_EVERY: Final = 15.0  # seconds between pings
PONG_WITHIN: Final = 20.0  # seconds that a client has to answer one; then it counts as gone
MAX_TEXTS: Final = 8  # of a client that wait to be read; of more, the last ones count
REFUSED: Final = 1.0  # seconds that one who broke the protocol has to take leave

_PARAMETERS: Final = frozenset(
    {
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits",
        "client_max_window_bits",
    }
)
_KEY = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
_PARAMETER = re.compile(r"([a-z_]+)(?:=\"?(\d+)\"?)?")


class WebSocketFraming:
    """How messages stand in a WebSocket. Ours are short: they go uncompressed also where that was agreed on."""

    ping: Final = frames.frame(frames.PING)

    def __init__(self, *, deflate: bool = False) -> None:
        self.name = "deflate" if deflate else "websocket"

    def message(self, text: bytes) -> bytes:
        """A text frame."""
        return frames.frame(frames.TEXT, text)

    def closing(self, code: int, reason: str) -> bytes:
        """A close frame."""
        return frames.closing(code, reason)


def is_upgrade(headers: MultiMapping[str]) -> bool:
    """Whether a request asks for a WebSocket."""
    return headers.get("Upgrade", "").strip().lower() == "websocket"


def accept(headers: MultiMapping[str], *, compression: bool) -> tuple[dict[str, str], bool]:
    """The answer's headers, and whether messages are compressed. Raises ConfigError (section 4.2.1)."""
    if "upgrade" not in [one.strip().lower() for one in _all("Connection", headers).split(",")]:
        raise ConfigError(
            'a WebSocket needs the header "Connection: Upgrade"; a proxy in between may have taken it away'
        )
    if headers.get("Sec-WebSocket-Version", "").strip() != "13":
        raise ConfigError("this server speaks version 13 of the WebSocket protocol (RFC 6455)")
    key = headers.get("Sec-WebSocket-Key", "").strip()
    try:
        whole = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        whole = False
    if not whole:
        raise ConfigError("Sec-WebSocket-Key must be 16 bytes in base64")
    digest = hashlib.sha1(key.encode() + _KEY, usedforsecurity=False).digest()
    answer = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
    }
    deflate = compression and _deflate_is_offered(_all("Sec-WebSocket-Extensions", headers))
    if deflate:
        # Each message is compressed alone: one block serves all clients, and no client's memory is kept.
        answer["Sec-WebSocket-Extensions"] = (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        )
    return answer, deflate


def _all(name: str, headers: MultiMapping[str]) -> str:
    """A header that may come in several lines, as one (RFC 9110 section 5.3)."""
    return ",".join(headers.getall(name, ()))


def _deflate_is_offered(extensions: str) -> bool:
    """Whether there is an offer that we can take (RFC 7692 section 7.1): any but one with a smaller window of ours."""
    for offer in extensions.split(","):
        name, *parameters = [part.strip().lower() for part in offer.split(";")]
        found = [_PARAMETER.fullmatch(parameter) for parameter in parameters]
        known = {one[1]: one[2] for one in found if one is not None}
        if name != "permessage-deflate" or None in found or len(known) < len(found):
            continue
        if known.keys() <= _PARAMETERS and known.get("server_max_window_bits", "15") in ("15", None):
            return True
    return False


class WebSocket(Connection):
    """A WebSocket's connection. `heard` gives the texts that the client sends."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop, *, deflate: bool = False) -> None:
        super().__init__(client, loop)
        self._reader = frames.Reader(deflate=deflate)
        self._texts: deque[bytes] = deque(maxlen=MAX_TEXTS)
        self._spoke = asyncio.Event()
        self._closing = False  # a close frame of ours is on its way
        self._deaf = False  # what still comes makes no sense
        self._budget = float(MAX_FRAMES)
        self._at = self._asked = loop.time()
        self._pinged = 0.0  # when the oldest ping was sent that nothing was heard since; 0 where there is none

    async def heard(self) -> bytes | None:
        """The next text of the client, which may be much older than its last one; None once it is gone."""
        while not self._texts and not self.over.done():
            self._spoke.clear()
            await self._spoke.wait()
        return self._texts.popleft() if self._texts and not self.over.done() else None

    def rest(self) -> list[bytes]:
        """All that wait now, the oldest first; then none does."""
        texts = list(self._texts)
        self._texts.clear()
        return texts

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, whoever ended it."""
        super().connection_lost(exc)
        self._spoke.set()

    def ping(self, now: float) -> None:
        """Asks now and then whether the client is there; cuts off one that does not answer. `now`: the loop's time."""
        if self.client.paused:
            self._pinged = 0.0  # it would read the ping too late: how far behind it may be counts
        elif self._pinged and now - self._pinged >= PONG_WITHIN:
            self.cut()
        elif now - self._asked >= PING_EVERY:
            self.client.write(self.client.framing.ping)
            self._asked = now
            self._pinged = self._pinged or now

    def refuse(self, text: str) -> None:
        """Closes for what the client asked for (1008), with the whole text as a message before."""
        if self._transport is not None and not self._closing:
            self.client.write(self.client.framing.message(notices.error(text)))
        self.close(frames.POLICY, text)

    def close(self, code: int, reason: str, *, patience: float = GOODBYE) -> None:
        """Sends a close frame; the connection ends when the client's comes, or after `patience` seconds."""
        self._closing = True
        super().close(code, reason, patience=patience)

    def data_received(self, data: bytes) -> None:
        """What the client sends; after a close frame of ours only its own counts."""
        self._pinged = 0.0
        if self._deaf:
            return
        try:
            for received in self._reader.feed(data):
                self._spend()
                self._take(received)
        except Violation as violation:
            self._broken(violation)

    def eof_received(self) -> bool:
        """Without a close frame there is nothing to wait for."""
        return False

    def _take(self, received: Received) -> None:
        if received.opcode == frames.CLOSE:
            if not self._closing:
                self.close(int.from_bytes(received.payload[:2] or b"\x03\xe8", "big"), "")
            if self._transport is not None:
                self._transport.close()  # once all is written, which may be never
        elif received.opcode == frames.PING:
            self.client.write(frames.frame(frames.PONG, received.payload))
        elif received.opcode == frames.TEXT and not self._closing:
            self._texts.append(received.payload)
            self._spoke.set()

    def _spend(self) -> None:
        now = self._loop.time()
        self._budget = min(MAX_FRAMES, self._budget + (now - self._at) * MAX_FRAMES) - 1
        self._at = now
        if self._budget < 0:
            raise Violation(frames.POLICY, f"a client may send {MAX_FRAMES} frames a second")

    def _broken(self, violation: Violation) -> None:
        """Says what was wrong. What still comes is read and not looked at: closing a socket that has unread bytes would
        take the close frame with it."""
        self._deaf = True
        self._reader = frames.Reader()  # what it holds of a message goes now, not once the client has
        if self._closing:
            self.cut()
        else:
            self.close(violation.code, str(violation), patience=REFUSED)
