"""The server that misbehaves as told."""

from __future__ import annotations

import base64

from aiohttp import ClientSession

from certhia._core import Certificate
from certhia.testing import World
from certhia.testing.certstream import Line, certstream, told


async def test_each_connection_has_its_number_and_its_query() -> None:
    async def play(line: Line) -> None:
        await line.say({"number": line.number, "query": line.query})
        await line.close()

    async with certstream(play) as place, ClientSession() as session:
        for number in range(2):
            async with session.ws_connect(f"ws://{place}/any?a={number}") as socket:
                assert await socket.receive_json() == {"number": number, "query": {"a": str(number)}}


def test_a_message_of_an_issued_certificate(certhia_world: World) -> None:
    issued = certhia_world.ca.issue(["a.example.com"], precert=True)
    data = told(["a.example.com"], 7, issued=issued)["data"]
    assert data["update_type"] == "PrecertLogEntry"
    assert Certificate.from_der(base64.b64decode(data["leaf_cert"]["as_der"])).is_precert
