"""The sink `kafka`: each match is told when all in-sync replicas of its partition have it (`acks=all`, idempotent)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from certhia.config.sinks.kafka import KafkaSink
from certhia.errors import RemoteError
from certhia.model import Delivery
from certhia.render import short
from certhia.sinks.late import client
from certhia.sinks.message import Message, message, noted
from certhia.sinks.open import Outside
from certhia.sinks.partly import Partly
from certhia.sinks.refusals import Refused

GRACE: Final = 2.0  # seconds beyond the timeout, in which the client itself gives up
LARGEST: Final = 4 << 20  # bytes of a message that the client takes; brokers and topics have their own limit


async def open_kafka(name: str, settings: KafkaSink, outside: Outside) -> Kafka:
    """The sink; it connects when there is something to tell. Raises ConfigError where the client is missing."""
    return Kafka(name, settings, outside, await asyncio.to_thread(client, "confluent_kafka", "kafka", name))


class Kafka:
    """Sends with one producer, which is made anew after every failure. What was acknowledged of a batch that failed is
    not sent again."""

    def __init__(self, name: str, settings: KafkaSink, outside: Outside, library: Any) -> None:
        """`library`: confluent_kafka."""
        self._name = name
        self._settings = settings
        self._clock = outside.clock
        self._library = library
        self._partly = Partly()
        self._producer: Any = None
        self._said = ""  # what the client said last of its connections

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once Kafka has them. Raises RemoteError; Refused for a message that is too large."""
        left = self._partly.left(deliveries)
        failures = await self._send([message(one) for one in left])
        self._partly.answered(left, failures)
        self._judge(failures)
        self._partly.done(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`."""
        self._judge(await self._send([noted(record)]))

    async def close(self) -> None:
        """Lets go of the brokers. Idempotent."""
        self._drop()

    def _judge(self, failures: Sequence[Any]) -> None:
        errors = [failure for failure in failures if failure is not None]
        if not errors:
            return
        first = errors[0]
        codes = self._library.KafkaError
        if all(error.code() == codes.MSG_SIZE_TOO_LARGE for error in errors):
            raise Refused(f"{short(first.str(), 200)}: raise max.message.bytes of the topic {self._settings.topic}")
        self._drop()
        said = f" ({short(self._said, 200)})" if self._said else ""
        step = ""
        if first.code() in {codes.UNKNOWN_TOPIC_OR_PART, codes._UNKNOWN_TOPIC}:
            step = f": make the topic {self._settings.topic} first (kafka-topics.sh --create)"
        raise RemoteError(f"{short(first.str(), 200)}{said}{step}")

    async def _send(self, messages: Sequence[Message]) -> list[Any]:
        """What became of each: None, or the client's error."""
        if self._producer is None:
            self._said = ""
            self._producer = await asyncio.to_thread(self._library.Producer, self._options())
        producer = self._producer
        try:
            async with self._clock.deadline(self._settings.timeout + 2 * GRACE):
                return await asyncio.to_thread(self._produce, producer, messages)
        except TimeoutError:
            self._drop()
            raise RemoteError(f"no acknowledgement within {self._settings.timeout:g} s") from None
        except BaseException:
            self._drop()  # ends what goes on in the thread
            raise

    def _produce(self, producer: Any, messages: Sequence[Message]) -> list[Any]:
        failures: list[Any] = [self._library.KafkaError(self._library.KafkaError._TIMED_OUT)] * len(messages)

        def heard(number: int, error: Any) -> None:
            failures[number] = error

        for number, one in enumerate(messages):
            try:
                producer.produce(
                    self._settings.topic,
                    one.text,
                    key=one.id,
                    headers={"id": one.id, "event": one.event},
                    on_delivery=lambda error, _, number=number: heard(number, error),
                )
            except self._library.KafkaException as error:
                failures[number] = error.args[0]
        producer.flush(self._settings.timeout + GRACE)
        return failures

    def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "bootstrap.servers": ",".join(settings.brokers),
            "client.id": "certhia",
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": settings.compression,
            "message.timeout.ms": int(settings.timeout * 1000),
            "message.max.bytes": LARGEST,
            "linger.ms": 5,
            "topic.metadata.propagation.max.ms": 1000,  # a topic that is missing is said to be, and not only waited for
            "reconnect.backoff.max.ms": 1000,
            "log_level": 0,  # what it would say goes into the error instead
            "error_cb": self._hear,
        }
        protocol = ("SASL_" if settings.username is not None else "") + ("SSL" if settings.tls else "PLAINTEXT")
        options["security.protocol"] = protocol
        if settings.username is not None and settings.password is not None:
            options["sasl.mechanism"] = settings.mechanism
            options["sasl.username"] = settings.username
            options["sasl.password"] = settings.password.get_secret_value()
        if settings.ca_file is not None:
            options["ssl.ca.location"] = str(settings.ca_file)
        return options

    def _hear(self, error: Any) -> None:
        """That all brokers are down follows what is wrong with each, and says less."""
        if not self._said or error.code() != self._library.KafkaError._ALL_BROKERS_DOWN:
            self._said = error.str()
