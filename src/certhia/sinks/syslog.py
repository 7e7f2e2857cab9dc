"""The sink `syslog`: messages of RFC 5424, over a Unix socket, UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425).

The protocol knows no acknowledgement: a message is told when the system has taken it, and, of a connection, when the
server has not closed it meanwhile. What is on its way when a server dies may be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, get_args

from certhia.clock import Clock, iso
from certhia.config.sinks.syslog import Facility, SyslogSink, host_and_port
from certhia.errors import ConfigError, RemoteError
from certhia.model import Delivery
from certhia.render import json_text
from certhia.sinks.human import line
from certhia.sinks.open import Outside
from certhia.sinks.record import record
from certhia.sinks.refusals import Refused
from certhia.sinks.severity import severity

APP: Final = "certhia"
# RFC 5424 section 6.2.1: facilities count from 0, and severities are these numbers.
_FACILITIES: Final = {name: number for number, name in enumerate(get_args(Facility))}
_SEVERITIES: Final = {"high": 4, "medium": 5, "low": 6, "info": 6}  # warning, notice, informational
_ERROR, _NOTICE = 3, 5
GRACE: Final = 1.0  # seconds that what was written has to leave at the end
_LIST: Final = 1000  # bytes of a list in a shortened message
_TEXT: Final = 200  # characters of a text in it


class Wire(Protocol):
    """Takes messages to the server."""

    async def send(self, messages: Sequence[bytes]) -> None:
        """Returns once the system has taken them. Raises OSError."""

    async def close(self) -> None:
        """Lets go. Idempotent."""


async def open_syslog(name: str, settings: SyslogSink, outside: Outside) -> Syslog:
    """The sink. Raises ConfigError for a `ca_file` that can't be read."""
    context = None
    if settings.address.startswith("tls:"):
        context = await asyncio.to_thread(ssl.create_default_context)
        if settings.ca_file is not None:
            try:
                await asyncio.to_thread(context.load_verify_locations, settings.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(
                    f"[sinks.{name}] ca_file {settings.ca_file}: no readable PEM file ({error})"
                ) from error
    return Syslog(name, settings, outside, context)


class Syslog:
    """Sends to one server, whose connection is made anew after every failure."""

    def __init__(self, name: str, settings: SyslogSink, outside: Outside, context: ssl.SSLContext | None) -> None:
        """`context`: for TLS."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._context = context
        self._host = _word(socket.gethostname())
        self._wire: Wire | None = None

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once the system has taken all. Raises RemoteError; Refused for a message that is too long for the way
        it goes."""
        await self._send([self._match(delivery) for delivery in deliveries])

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        level = _ERROR if record.get("event") == "raised" else _NOTICE
        kind = str(record.get("type", "note"))
        await self._send([self._framed(level, f"ct_{kind}", self._clock.now(), json_text(record))])

    async def close(self) -> None:
        """Lets go of the connection. Idempotent."""
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

    async def _send(self, messages: Sequence[bytes]) -> None:
        where = self._settings.address
        try:
            async with self._clock.deadline(self._settings.timeout):
                if self._wire is None:
                    self._wire = await self._connect()
                await self._wire.send(messages)
        except BaseException as error:
            await self.close()
            if isinstance(error, TimeoutError):
                raise RemoteError(f"{where}: took nothing within {self._settings.timeout:g} s") from error
            if isinstance(error, OSError) and error.errno == errno.EMSGSIZE:
                raise Refused(f"{where}: takes no message so long: lower max_length") from error
            if isinstance(error, OSError):
                raise RemoteError(f"{where}: {error.strerror or error}") from error
            raise

    def _match(self, delivery: Delivery) -> bytes:
        match = delivery.match
        level = _SEVERITIES[severity(match)]
        fields = record(delivery)
        if self._settings.format == "human":
            return self._framed(level, "ct_match", match.seen, line(delivery).rstrip("\n"))
        message = self._framed(level, "ct_match", match.seen, json_text(fields))
        if len(message) > self._settings.max_length:
            message = self._framed(level, "ct_match", match.seen, json_text(_shortened(fields)))
        return message

    def _framed(self, level: int, kind: str, at: float, text: str) -> bytes:
        """RFC 5424 section 6. The text is UTF-8, which a mark before it says unless it is ASCII."""
        priority = 8 * _FACILITIES[self._settings.facility] + level
        head = f"<{priority}>1 {iso(at)} {self._host} {APP} {os.getpid()} {kind} - "
        return (head + (text if text.isascii() else f"\ufeff{text}")).encode()

    async def _connect(self) -> Wire:
        address = self._settings.address
        if address.startswith("unix:"):
            return await _datagrams(socket.AF_UNIX, address.removeprefix("unix:"))
        scheme, host, port = host_and_port(address)
        if scheme == "udp":
            (family, _, _, _, target), *_ = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )
            return await _datagrams(family, target)
        reader, writer = await asyncio.open_connection(host, port, ssl=self._context)
        return Stream(reader, writer, self._clock)


class Datagrams:
    """A message a datagram."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    async def send(self, messages: Sequence[bytes]) -> None:
        """See `Wire`."""
        loop = asyncio.get_running_loop()
        for message in messages:
            await loop.sock_sendall(self._socket, message)

    async def close(self) -> None:
        """See `Wire`."""
        self._socket.close()


class Stream:
    """A connection; each message is preceded by its length (RFC 6587 section 3.4.1)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, clock: Clock) -> None:
        self._clock = clock
        self._reader = reader
        self._writer = writer

    async def send(self, messages: Sequence[bytes]) -> None:
        """See `Wire`."""
        self._check()
        self._writer.write(b"".join(b"%d %b" % (len(message), message) for message in messages))
        await self._writer.drain()
        await asyncio.sleep(0)  # what has come meanwhile is heard
        self._check()

    def _check(self) -> None:
        if self._reader.at_eof() or self._reader.exception() is not None or self._writer.is_closing():
            raise ConnectionResetError(errno.ECONNRESET, "the server has closed the connection")

    async def close(self) -> None:
        """See `Wire`."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with self._clock.deadline(GRACE):
                await self._writer.wait_closed()
        self._writer.transport.abort()


async def _datagrams(family: int, target: object) -> Datagrams:
    connected = socket.socket(family, socket.SOCK_DGRAM)
    connected.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connected, target)  # type: ignore[arg-type]
    except BaseException:
        connected.close()
        raise
    return Datagrams(connected)


def _shortened(fields: Mapping[str, object]) -> dict[str, object]:
    """Without what may be long: most of each list, most of each text."""
    return {name: _cut(value) for name, value in fields.items()} | {"shortened": True}


def _cut(value: object) -> object:
    if isinstance(value, str):
        return value[:_TEXT]
    if not isinstance(value, list):
        return value
    kept, size = [], 0
    for one in value:
        size += len(json_text(one))
        if size > _LIST:
            break
        kept.append(one)
    return kept


def _word(name: str) -> str:
    """A host name as a message has it (RFC 5424 section 6): 1 to 255 characters of printable ASCII without spaces."""
    return "".join(one for one in name if "!" <= one <= "~")[:255] or "-"
