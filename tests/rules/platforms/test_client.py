"""Requests to a platform: at its pace, within bounds, again where that helps."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from certhia.errors import BadAnswer, RemoteError, Throttled
from certhia.net import Response
from certhia.rules.platforms import client as clients
from certhia.rules.platforms.client import MAX_BODY, PATIENCE, TRIES, Client, Denied, Withheld
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platforms import FakePlatforms, say
from certhia.testing.request import Answer, as_json


def made(clock: SimClock, **options: Any) -> tuple[FakePlatforms, Client]:
    platforms = FakePlatforms(clock)
    url = "http://platforms.test/x?key=hidden"
    return platforms, Client(platforms.transport(), clock, url, {"Authorization": "Bearer t"}, **options)


@in_simulated_time
async def test_an_answer(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", lambda: Answer(as_json([1])))
    assert await client.json() == [1]
    assert platforms.headers == {"accept": "application/json", "authorization": "Bearer t"}


@pytest.mark.parametrize(
    "status, kind, requests",
    [
        (401, Denied, 1),
        (403, Withheld, 1),
        (404, Withheld, 1),
        (451, Withheld, 1),
        (301, BadAnswer, 1),
        (500, RemoteError, TRIES),
        (400, RemoteError, TRIES),
        (429, Throttled, TRIES),
    ],
)
@in_simulated_time
async def test_statuses(certhia_clock: SimClock, status: int, kind: type[Exception], requests: int) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", say(status, "no\x1b[31m"))
    with pytest.raises(kind) as told:
        await client.json()
    assert type(told.value) is kind
    assert len(platforms.asked) == requests
    assert "hidden" not in str(told.value)
    assert "\x1b" not in str(told.value)


@pytest.mark.parametrize("header, seconds", [({"retry-after": "7"}, 7.0), ({}, clients.WAIT)])
@in_simulated_time
async def test_it_waits_as_long_as_it_is_asked_to(
    certhia_clock: SimClock, header: dict[str, str], seconds: float
) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", say(429, headers=header), times=1)
    platforms.fault("", lambda: Answer(as_json([])))
    await client.json()
    assert platforms.times[1] - platforms.times[0] >= seconds


@in_simulated_time
async def test_requests_are_spread(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock, gap=2.0)
    platforms.fault("", lambda: Answer(as_json([])))
    for _ in range(3):
        await client.json()
    await client.json(gap=10.0)
    await client.json()
    assert platforms.times == [0.0, 2.0, 4.0, 6.0, 16.0]


@in_simulated_time
async def test_a_sync_ends(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock, gap=1000.0)
    platforms.fault("", lambda: Answer(as_json([])))
    with pytest.raises(RemoteError, match="no end within 7200 s; lower max_programs"):
        while True:
            await client.json()
    assert certhia_clock.monotonic() <= PATIENCE


@in_simulated_time
async def test_requests_are_bounded(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", lambda: Answer(as_json([])))
    client.requests = clients.MAX_REQUESTS
    with pytest.raises(BadAnswer, match="more than 50000 requests in one sync"):
        await client.json()


@pytest.mark.parametrize(
    "answer, said",
    [
        (Answer(Response(200, b"<html>")), "the answer is no JSON"),
        (Answer(Response(200, b"[" * 100_000)), "the answer is no JSON"),
        (Answer(Response(200, gzip.compress(bytes(MAX_BODY + 1)))), "unpacks to more than"),
        (Answer(Response(200, b"x"), endless=True), "is larger than"),
        (Answer(Response(200, b"[]"), delay=1e6), "no answer within"),
        (Answer(None), "closed the connection"),
    ],
)
@in_simulated_time
async def test_answers_of_broken_servers(certhia_clock: SimClock, answer: Answer, said: str) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", lambda: answer)
    with pytest.raises(RemoteError, match=said) as told:
        await client.json()
    assert "hidden" not in str(told.value)


@in_simulated_time
async def test_gzip_is_unpacked(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", lambda: Answer(Response(200, gzip.compress(b"[1]"))))
    assert await client.json() == [1]


@pytest.mark.parametrize("status", [400, 401, 403, 500, 302, 200])
@in_simulated_time
async def test_what_was_sent_is_not_shown_though_the_server_says_it(certhia_clock: SimClock, status: int) -> None:
    platforms = FakePlatforms(certhia_clock)
    client = Client(
        platforms.transport(),
        certhia_clock,
        "http://platforms.test/x?k=query-secret",
        {"Authorization": "Bearer s3cret"},
    )
    said = "bad: Bearer s3cret for query-secret"
    platforms.fault("", say(status, said, {"location": "https://platforms.test/x?k=query-secret&t=s3cret"}))
    with pytest.raises(RemoteError) as told:
        await client.json()
    assert "****" in str(told.value)
    assert "s3cret" not in str(told.value)
    assert "query-secret" not in str(told.value)


@in_simulated_time
async def test_a_long_wait_is_obeyed_in_full(certhia_clock: SimClock) -> None:
    platforms, client = made(certhia_clock)
    platforms.fault("", say(429, "", {"retry-after": "36000"}))
    with pytest.raises(Throttled) as told:
        await client.json()
    assert told.value.retry_after == 36_000
    assert len(platforms.asked) == 1


@in_simulated_time
async def test_more_values_than_memory_is_meant_for(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MAX_VALUES", 50_000)
    platforms, client = made(certhia_clock)
    platforms.fault("", lambda: Answer(Response(200, b"[" + b"[]," * 400_000 + b"[]]")))
    with pytest.raises(BadAnswer, match="more than 50000 values"):
        await client.json()
