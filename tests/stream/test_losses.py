"""What a client is told of entries that it is not sent."""

from __future__ import annotations

import pytest
from tests.stream.test_client import LOG, Pipe, numbers

from certhia.stream import losses
from certhia.stream.client import Client, Limits
from certhia.stream.places import Missing
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import SimClock


@pytest.mark.parametrize(
    "start, end, told",
    [
        (5, 8, {"missed": 3, "from": "0001020304050607:5", "to": "0001020304050607:7"}),
        (None, 8, {"missed": None, "from": None, "to": "0001020304050607:7"}),
        (5, None, {"missed": None, "from": "0001020304050607:5", "to": None}),
        (None, None, {"missed": None, "from": None, "to": None}),
    ],
)
def test_as_far_as_anybody_knows(start: int | None, end: int | None, told: dict[str, object]) -> None:
    pipe = Pipe(Client(WebSocketFraming(), Limits(), SimClock()))
    losses.tell(pipe.client, Missing(LOG, start, end, "too-old"))
    assert numbers(pipe) == [{**told, "reason": "too-old"}]
    assert pipe.client.missed == (told["missed"] or 0)
