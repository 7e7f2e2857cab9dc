from __future__ import annotations

import logging

import pytest

from certhia.errors import ConfigError
from certhia.sinks.late import client


def test_a_client_that_is_there() -> None:
    assert client("redis.asyncio", "redis", "bounty").Redis


def test_a_client_that_is_not_installed() -> None:
    why = r"\[sinks\.bounty\] needs no_such_client, which is not installed here: pip install 'certhia\[amqp\]'"
    with pytest.raises(ConfigError, match=why):
        client("no_such_client.aio", "amqp", "bounty")


def test_what_clients_say_of_their_own_goes_to_nobody_who_has_not_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not inert: a server's words are in it."""
    monkeypatch.setattr(logging.root, "handlers", [])
    client("aio_pika", "amqp", "bounty")
    logging.getLogger("aiormq.connection").warning("Connection was blocked by: '\x1b[2J'")
    assert capsys.readouterr().err == ""
