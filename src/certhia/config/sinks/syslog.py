"""`type = "syslog"`: matches to a system's log, or a log server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from certhia.config.sinks.section import NearbySection
from certhia.config.values import Interval, Size, Written
from certhia.render import quoted

PORTS: Final = {"udp": 514, "tcp": 601, "tls": 6514}  # RFC 5426, RFC 6587, RFC 5425
Facility = Literal[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
]  # fmt: skip


def _address(value: str) -> str:
    text = value.strip()
    if not re.fullmatch(r"unix:/[!-~]{1,100}|(?:udp|tcp|tls)://(?:\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(?::\d{1,5})?", text):
        raise ValueError(
            f"{quoted(text)} is no log server; write unix:/dev/log, udp://HOST, tcp://HOST:PORT or tls://HOST"
        )
    return text


Server = Annotated[str, AfterValidator(_address), Written("address")]


class SyslogSink(NearbySection):
    """Matches to a system's log, or a log server (RFC 5424)."""

    type: Literal["syslog"] = "syslog"
    address: Server = Field(
        "unix:/dev/log", description="`unix:/dev/log`, `udp://HOST`, `tcp://HOST:PORT`, `tls://HOST`"
    )
    format: Literal["jsonl", "human"] = Field("jsonl", description="How a match is written")
    facility: Facility = Field("daemon", description="What it is said to be about")
    max_length: Size = Field(
        8192, ge=4096, description="The most bytes of a message; a longer one leaves out most names"
    )
    timeout: Interval = Field(10.0, le=300, description="How long sending may take")
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")
    batch: int = Field(100, ge=1, le=1000, description="The most matches that are sent at once")


def host_and_port(address: str) -> tuple[str, str, int]:
    """Scheme, host and port of a server that is no socket."""
    scheme, _, rest = address.partition("://")
    found = re.fullmatch(r"(?:\[(.+)\]|([^:]+))(?::(\d+))?", rest)
    assert found is not None
    return scheme, found[1] or found[2], int(found[3] or PORTS[scheme])
