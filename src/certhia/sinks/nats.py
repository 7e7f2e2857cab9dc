"""The sink `nats`: a match is told when a stream of JetStream has stored it; without JetStream, when a server has it.

Each message carries its id as `Nats-Msg-Id`: within its window of duplicates a stream drops what is told again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from certhia.config.sinks.nats import NatsSink
from certhia.errors import ConfigError, RemoteError
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.late import client
from certhia.sinks.message import Message, message, noted
from certhia.sinks.open import Outside
from certhia.sinks.partly import Partly
from certhia.sinks.refusals import Refused
from certhia.sinks.topic import of_match, of_record


async def open_nats(name: str, settings: NatsSink, outside: Outside) -> Nats:
    """The sink; it connects when there is something to tell. Raises ConfigError where the client is missing, or a file
    can't be read."""
    library = await asyncio.to_thread(client, "nats", "nats", name)
    context = None
    if any(server.startswith("tls:") for server in settings.servers) or settings.ca_file is not None:
        context = await asyncio.to_thread(ssl.create_default_context)
        if settings.ca_file is not None:
            try:
                await asyncio.to_thread(context.load_verify_locations, settings.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(
                    f"[sinks.{name}] ca_file {settings.ca_file}: no readable PEM file ({error})"
                ) from error
    if settings.credentials is not None:
        await asyncio.to_thread(client, "nkeys", "nats", name)  # which the other one needs for them
        try:
            await asyncio.to_thread(settings.credentials.read_bytes)
        except OSError as error:
            raise ConfigError(
                f"[sinks.{name}] credentials {settings.credentials}: can't be read: {error.strerror or error}"
            ) from error
    return Nats(name, settings, outside, library, context)


class Nats:
    """Sends over one connection, which is made anew after every failure. What was acknowledged of a batch that failed
    is not sent again."""

    def __init__(
        self, name: str, settings: NatsSink, outside: Outside, library: Any, context: ssl.SSLContext | None
    ) -> None:
        """`library`: nats. `context`: for TLS."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._library = library
        self._context = context
        self._partly = Partly()
        self._connection: Any = None
        self._said = ""  # what the client said last of its connection
        self._waiting: asyncio.Future[list[BaseException | None]] | None = None
        self._is_lost = False  # it is cancelled because the connection was lost

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all are acknowledged. Raises RemoteError; Refused for a message that is too large."""
        left = self._partly.left(deliveries)
        subject = self._settings.subject
        failures = await self._send([(of_match(subject, one), message(one)) for one in left])
        self._partly.answered(left, failures)
        await self._judge(failures)
        self._partly.done(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        await self._judge(await self._send([(of_record(self._settings.subject, record), noted(record))]))

    async def close(self) -> None:
        """Lets go of the connection. Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._close(connection)

    async def _close(self, connection: Any) -> None:
        with contextlib.suppress(OSError, TimeoutError, self._library.errors.Error):
            async with self._clock.deadline(1.0):
                await connection.close()
        transport = connection._transport  # where its close() fails half way it is left open
        if transport is not None:
            transport.close()

    async def _judge(self, failures: Sequence[BaseException | None]) -> None:
        errors = [failure for failure in failures if failure is not None]
        if not errors:
            return
        if all(isinstance(error, self._library.errors.MaxPayloadError) for error in errors):
            raise Refused("the message is larger than the server's max_payload: raise it there")
        await self.close()
        raise self._told(errors[0]) from errors[0]

    async def _send(self, messages: Sequence[tuple[str, Message]]) -> list[BaseException | None]:
        """What became of each: None, or an error."""
        try:
            async with self._clock.deadline(self._settings.timeout):
                connection = await self._connected()
                if not self._settings.jetstream:
                    failures = [await self._publish(connection, *one) for one in messages]
                    await connection.flush()
                    return failures
                stream = connection.jetstream(timeout=self._settings.timeout)
                self._waiting = asyncio.gather(*(self._publish(stream, *one) for one in messages))
                return await self._waiting
        except BaseException as error:
            await self.close()
            raise self._told(error) from error

    async def _publish(self, way: Any, subject: str, one: Message) -> BaseException | None:
        try:
            await way.publish(subject, one.text, headers={"Nats-Msg-Id": one.id, "event": one.event})
        except (OSError, TimeoutError, self._library.errors.Error) as error:
            return error
        return None

    async def _connected(self) -> Any:
        if self._connection is not None and not self._connection.is_connected:
            await self.close()
        if self._connection is None:
            settings = self._settings
            given = {
                "user": settings.username,
                "password": settings.password and settings.password.get_secret_value(),
                "token": settings.token and settings.token.get_secret_value(),
                "user_credentials": settings.credentials and str(settings.credentials),
                "tls": self._context,
            }
            connection = self._library.aio.client.Client()
            try:
                await connection.connect(
                    list(settings.servers),
                    name="certhia",
                    dont_randomize=True,
                    allow_reconnect=False,  # the outbox tries again
                    max_reconnect_attempts=1,  # for each server while this connects
                    reconnect_time_wait=0,
                    connect_timeout=settings.timeout / len(settings.servers),
                    error_cb=self._hear,
                    **{name: value for name, value in given.items() if value is not None},
                )
            except BaseException:
                await self._close(connection)
                raise
            self._connection = connection
        return self._connection

    async def _hear(self, error: Exception) -> None:
        """What the client says. Where the connection is lost it would wait for acknowledgements all the same."""
        self._said = str(error)
        lost = isinstance(
            error, OSError | self._library.errors.UnexpectedEOF | self._library.errors.StaleConnectionError
        )
        if lost and self._waiting is not None and not self._waiting.done():
            self._is_lost = self._waiting.cancel()

    def _told(self, error: BaseException) -> BaseException:
        """What a failure is to the outbox, inert."""
        if isinstance(error, asyncio.CancelledError) and self._is_lost:
            self._is_lost = False
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                return RemoteError("the connection was lost before the server had acknowledged it")
        if isinstance(error, self._library.js.errors.NoStreamResponseError):
            return RemoteError(
                f"no stream takes {self._settings.subject}: make one (nats stream add), or jetstream = false"
            )
        if isinstance(error, TimeoutError):
            return RemoteError(f"no acknowledgement within {self._settings.timeout:g} s")
        if isinstance(error, OSError | self._library.errors.Error):
            said = self._said if isinstance(error, self._library.errors.NoServersError) else ""
            return RemoteError(short(said or str(error) or type(error).__name__, 300))
        return error
