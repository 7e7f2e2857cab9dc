"""The settings of sinks, `[sinks.NAME]`: one file a type, told apart by `type`."""

from typing import Annotated, Final

from pydantic import Field

from certhia.config.sinks.exec import ExecSink
from certhia.config.sinks.file import FileSink
from certhia.config.sinks.notify import NotifySink
from certhia.config.sinks.redis import RedisSink
from certhia.config.sinks.section import SinkSection
from certhia.config.sinks.syslog import SyslogSink
from certhia.config.sinks.webhook import WebhookSink

SinkSettings = Annotated[
    ExecSink | FileSink | NotifySink | RedisSink | SyslogSink | WebhookSink, Field(discriminator="type")
]
SINKS: Final[tuple[type[SinkSection], ...]] = (ExecSink, FileSink, NotifySink, RedisSink, SyslogSink, WebhookSink)

__all__ = [
    "SINKS",
    "ExecSink",
    "FileSink",
    "NotifySink",
    "RedisSink",
    "SinkSection",
    "SinkSettings",
    "SyslogSink",
    "WebhookSink",
]
