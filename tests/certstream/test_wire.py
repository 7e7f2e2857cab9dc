"""Connections to servers, over loopback."""

from __future__ import annotations

import json

import pytest

from certhia.certstream.address import Address
from certhia.certstream.wire import Cut, connected
from certhia.clock import Clock
from certhia.net import Http
from certhia.testing.certstream import Line, certstream, told


async def heard(url: str, count: int) -> list[str | bytes]:
    clock = Clock()
    http = Http(clock=clock, user_agent="certhia/test")
    try:
        async with connected(http, Address(url), "", clock) as incoming:
            return [await incoming.receive() for _ in range(count)]
    finally:
        await http.close()


@pytest.mark.parametrize("scheme", ["ws", "http"])
async def test_messages_of_both_kinds_of_connection(scheme: str) -> None:
    async def play(line: Line) -> None:
        await line.say(told(["a"], 1), told(["b"], 2))
        await line.hold()

    async with certstream(play) as place:
        messages = await heard(f"{scheme}://{place}/", 2)
    assert [json.loads(one)["data"]["cert_index"] for one in messages] == [1, 2]


@pytest.mark.parametrize("scheme", ["ws", "http"])
@pytest.mark.parametrize("most", [100])
async def test_what_is_too_large_ends_the_connection(scheme: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certhia.certstream.wire.MAX_MESSAGE", most)

    async def play(line: Line) -> None:
        await line.say("x" * (most + 1))
        await line.hold()

    async with certstream(play) as place:
        with pytest.raises(Cut):
            await heard(f"{scheme}://{place}/", 1)


async def test_how_it_ended() -> None:
    async def play(line: Line) -> None:
        if line.number:
            line.cut()
        else:
            await line.close(1008, "no such filter")

    async with certstream(play) as place:
        with pytest.raises(Cut, match="closed by the server with 1008: no such filter") as found:
            await heard(f"ws://{place}/", 1)
        assert found.value.code == 1008
        with pytest.raises(Cut):
            await heard(f"ws://{place}/", 1)
    with pytest.raises(Cut):
        await heard(f"ws://{place}/", 1)
