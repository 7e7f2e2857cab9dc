"""The sink `amqp`: a match is told when the broker has confirmed it, which is when every durable queue that it was
routed to has it on its disk."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from certhia.config.sinks.amqp import AmqpSink
from certhia.errors import ConfigError, RemoteError
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.late import client
from certhia.sinks.message import Message, message, noted
from certhia.sinks.open import Outside
from certhia.sinks.partly import Partly
from certhia.sinks.topic import of_match, of_record


async def open_amqp(name: str, settings: AmqpSink, outside: Outside) -> Amqp:
    """The sink; it connects when there is something to tell. Raises ConfigError where the client is missing, or a file
    can't be read."""
    library = await asyncio.to_thread(client, "aio_pika", "amqp", name)
    context = None
    if settings.url.get_secret_value().startswith("amqps:"):
        context = await asyncio.to_thread(ssl.create_default_context)
        if settings.ca_file is not None:
            try:
                await asyncio.to_thread(context.load_verify_locations, settings.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError(
                    f"[sinks.{name}] ca_file {settings.ca_file}: no readable PEM file ({error})"
                ) from error
    return Amqp(name, settings, outside, library, context)


class Amqp:
    """Sends over one channel, which is made anew after every failure. What was confirmed of a batch that failed is not
    sent again."""

    def __init__(
        self, name: str, settings: AmqpSink, outside: Outside, library: Any, context: ssl.SSLContext | None
    ) -> None:
        """`library`: aio_pika. `context`: for TLS."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._library = library
        self._context = context
        self._partly = Partly()
        self._connection: Any = None
        self._exchange: Any = None

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all are confirmed. Raises RemoteError, also for what no queue takes."""
        left = self._partly.left(deliveries)
        key = self._settings.routing_key
        failures = await self._send([(of_match(key, one), message(one)) for one in left])
        self._partly.answered(left, failures)
        await self._judge(failures)
        self._partly.done(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        await self._judge(await self._send([(of_record(self._settings.routing_key, record), noted(record))]))

    async def close(self) -> None:
        """Lets go of the connection. Idempotent."""
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(*self._expected()):
                async with self._clock.deadline(1.0):
                    await connection.close()

    async def _judge(self, failures: Sequence[BaseException | None]) -> None:
        error = next((failure for failure in failures if failure is not None), None)
        if error is not None:
            await self.close()
            raise self._told(error) from error

    async def _send(self, messages: Sequence[tuple[str, Message]]) -> list[BaseException | None]:
        """What became of each: None, or an error."""
        try:
            async with self._clock.deadline(self._settings.timeout):
                exchange = await self._connected()
                return await asyncio.gather(*(self._publish(exchange, *one) for one in messages))
        except BaseException as error:
            await self.close()
            raise self._told(error) from error

    async def _publish(self, exchange: Any, key: str, one: Message) -> BaseException | None:
        sent = self._library.Message(
            one.text,
            content_type="application/json",
            delivery_mode=self._library.DeliveryMode.PERSISTENT,
            message_id=one.id,
            type=one.event,
            app_id="certhia",
        )
        try:
            await exchange.publish(sent, key, mandatory=self._settings.mandatory)
        except self._expected() as error:
            return error
        return None

    async def _connected(self) -> Any:
        if self._exchange is None or self._connection.is_closed:
            await self.close()
            settings = self._settings
            login = {"login": settings.username, "password": settings.password and settings.password.get_secret_value()}
            url = self._library.connection.make_url(settings.url.get_secret_value())
            if settings.username is not None:
                url = url.with_user(login["login"]).with_password(login["password"])
            self._connection = await self._library.connect(
                url, ssl_context=self._context, client_properties={"connection_name": "certhia"}
            )
            channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
            self._exchange = await channel.get_exchange(settings.exchange, ensure=True)
        return self._exchange

    def _expected(self) -> tuple[type[BaseException], ...]:
        return (OSError, TimeoutError, self._library.exceptions.AMQPError, RuntimeError)

    def _told(self, error: BaseException) -> BaseException:
        """What a failure is to the outbox, inert."""
        settings = self._settings
        if isinstance(error, self._library.exceptions.PublishError):
            key = getattr(getattr(error.message, "delivery", None), "routing_key", None) or settings.routing_key
            return RemoteError(
                f"no queue of {settings.exchange} takes {short(str(key), 255)}: bind one, or mandatory = false"
            )
        if isinstance(error, TimeoutError):
            why = "a broker that is short of memory or disk confirms nothing (rabbitmqctl status)"
            return RemoteError(f"no confirmation within {settings.timeout:g} s: {why}")
        if isinstance(error, self._expected()):
            return RemoteError(short(str(error) or type(error).__name__, 300))
        return error
