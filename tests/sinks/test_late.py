from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.sinks.late import client


def test_a_client_that_is_there() -> None:
    assert client("redis.asyncio", "redis", "bounty").Redis


def test_a_client_that_is_not_installed() -> None:
    why = r"\[sinks\.bounty\] needs no_such_client, which is not installed here: pip install 'certhia\[amqp\]'"
    with pytest.raises(ConfigError, match=why):
        client("no_such_client.aio", "amqp", "bounty")
