from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.syslog import SyslogSink, host_and_port


@pytest.mark.parametrize(
    "address, parts",
    [
        ("udp://log.example.com", ("udp", "log.example.com", 514)),
        ("tcp://192.0.2.1", ("tcp", "192.0.2.1", 601)),
        ("tls://[2001:db8::1]:1234", ("tls", "2001:db8::1", 1234)),
    ],
)
def test_addresses(address: str, parts: tuple[str, str, int]) -> None:
    assert host_and_port(SyslogSink(address=address).address) == parts


def test_the_systems_own() -> None:
    assert SyslogSink().address == "unix:/dev/log"


@pytest.mark.parametrize("address", ["log.example.com", "http://log", "unix:log", "udp://a b", "tcp://:514"])
def test_what_is_no_server(address: str) -> None:
    with pytest.raises(ValidationError, match="is no log server; write unix:/dev/log"):
        SyslogSink(address=address)
