"""Requests over as few connections as it takes."""

from __future__ import annotations

import ssl

from tests.scanner.content.sites import answer, site
from tests.scanner.driving import failure_of, run

from certhia.scanner import openssl
from certhia.scanner.content.requests import Requests, Server
from certhia.scanner.conversation import Connect, Conversation
from certhia.scanner.failures import ScanFailure
from certhia.scanner.sessions import shake


def conversation(port: int, *paths: str, other: int | None = None) -> Conversation[list[tuple[int | None, bytes]]]:
    """Asks for these, the last at another port where there is one."""
    server = Server("127.0.0.1", "", "www.example.com", "www.example.com")
    yield Connect(server.address, port)
    session = openssl.Session(server.server_name)
    yield from shake(session)
    requests, found = Requests(server, "x", session, port), []
    for number, path in enumerate(paths):
        body = bytearray()
        to = other if other and number == len(paths) - 1 else port
        response = yield from requests.get(to, path, body.extend, 100, lambda _: True)
        found.append((response.status, bytes(body)))
    return found


def test_one_connection() -> None:
    with site({"/": answer(b"a"), "/b": answer(b"b")}) as (server, port):
        outcome = run([(0, conversation(port, "/", "/b", "/c"))])[0]
        assert [number for number, _ in server.asked] == [1, 1, 1]
    assert outcome.value == [(200, b"a"), (200, b"b"), (404, b"")]


def test_another_port_is_another_connection() -> None:
    with site({"/": answer(b"a")}) as (_, port), site({"/": answer(b"b")}) as (_, other):
        assert run([(0, conversation(port, "/", "/", other=other))])[0].value == [(200, b"a"), (200, b"b")]


def test_a_connection_that_was_kept_and_is_gone_is_opened_once_more() -> None:
    def gone(peer: ssl.SSLSocket) -> None:
        """No answer."""

    with site({"/": answer(b"a"), "/b": gone}) as (server, port):
        failure = run([(0, conversation(port, "/", "/b"))])[0].failure
        assert server.asked == [(1, "/"), (1, "/b"), (2, "/b")]
    assert failure is not None
    assert (failure.kind, failure.step) in (("closed", "http"), ("reset", "http"))


def test_a_first_connection_that_is_gone_is_not() -> None:
    failure = failure_of(conversation(1, "/"), [b"", ScanFailure("closed", "handshake")])
    assert str(failure) == "closed at handshake"
