"""The settings of sinks, `[sinks.NAME]`: one file a type, told apart by `type`."""

from typing import Annotated, Final

from pydantic import Field

from certhia.config.sinks.amqp import AmqpSink
from certhia.config.sinks.exec import ExecSink
from certhia.config.sinks.file import FileSink
from certhia.config.sinks.kafka import KafkaSink
from certhia.config.sinks.nats import NatsSink
from certhia.config.sinks.notify import NotifySink
from certhia.config.sinks.redis import RedisSink
from certhia.config.sinks.section import SinkSection
from certhia.config.sinks.syslog import SyslogSink
from certhia.config.sinks.webhook import WebhookSink

SinkSettings = Annotated[
    AmqpSink | ExecSink | FileSink | KafkaSink | NatsSink | NotifySink | RedisSink | SyslogSink | WebhookSink,
    Field(discriminator="type"),
]
SINKS: Final[tuple[type[SinkSection], ...]] = (
    AmqpSink,
    ExecSink,
    FileSink,
    KafkaSink,
    NatsSink,
    NotifySink,
    RedisSink,
    SyslogSink,
    WebhookSink,
)

__all__ = [
    "SINKS",
    "AmqpSink",
    "ExecSink",
    "FileSink",
    "KafkaSink",
    "NatsSink",
    "NotifySink",
    "RedisSink",
    "SinkSection",
    "SinkSettings",
    "SyslogSink",
    "WebhookSink",
]
