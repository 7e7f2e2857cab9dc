from __future__ import annotations

from tests.scanner.driving import drive

from certhia.scanner.conversation import RECEIVE, Connect, Conversation, Send


def greeting(address: str) -> Conversation[bytes]:
    yield Connect(address, 25)
    first = yield RECEIVE
    return first + (yield Send(b"HELP\r\n", "starttls"))


def test_is_driven_without_sockets() -> None:
    steps, value = drive(greeting("192.0.2.1"), [b"", b"220 ", b"214"])
    assert steps == [Connect("192.0.2.1", 25, ""), Send(b"", "", None), Send(b"HELP\r\n", "starttls", None)]
    assert value == b"220 214"
