from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks import RedisSink

URL = "rediss://default:token@eu1.example.com:6379/0"


def test_ct_scouts_names_are_the_defaults() -> None:
    settings = RedisSink.model_validate({"url": URL})
    assert (settings.channel, settings.queue, settings.queue_length) == ("bb:ct_events", "bb:ct_events_queue", 10_000)
    assert not settings.stream
    assert "token" not in repr(settings)


@pytest.mark.parametrize("url", ["redis://localhost", "redis://:secret@[::1]:6379/3", "unix:///run/redis.sock", URL])
def test_addresses(url: str) -> None:
    assert RedisSink.model_validate({"url": url}).url.get_secret_value() == url


@pytest.mark.parametrize(
    "fields, why",
    [
        ({"url": "http://localhost"}, "write redis://HOST:PORT"),
        ({"url": "redis://localhost/0?ssl_cert_reqs=none"}, "write redis://HOST:PORT"),
        ({"channel": "", "queue": ""}, "goes nowhere: name a channel, a queue or a stream"),
        ({"stream_groups": ["a"]}, "name it with stream"),
        ({"stream": "s", "stream_length": 100}, "must have room for a batch of 500"),
    ],
)
def test_what_makes_no_sense(fields: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        RedisSink.model_validate({"url": URL, **fields})
    assert "token" not in str(refused.value)
