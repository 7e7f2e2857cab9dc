from __future__ import annotations

import socket
from ssl import TLSVersion

from tests.scanner.driving import drive, failure_of, run, serving
from tests.scanner.tls_servers import context, tls_server

from certhia._core import Jarm
from certhia.scanner.conversation import Connect, Conversation, Send
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.fingerprints import jarm

ALERT = b"\x15\x03\x01\x00\x02\x02\x28"


def reach() -> Conversation[None]:
    yield Connect("192.0.2.1", 443)


def test_ten_connections_with_ten_hellos() -> None:
    steps, fingerprint = drive(jarm(reach, "example.com"), [b"", ALERT] * 10)
    hellos = {step.data for step in steps if isinstance(step, Send)}
    assert [type(step) for step in steps] == [Connect, Send] * 10
    assert len(hellos) == 10
    assert all(b"example.com" in hello for hello in hellos)
    assert fingerprint == "0" * 62


def test_tells_two_servers_apart_and_is_the_same_again() -> None:
    prints = []
    for newest in (TLSVersion.TLSv1_2, TLSVersion.TLSv1_3):
        with tls_server(context(highest=newest)) as port:

            def connect(port: int = port) -> Conversation[None]:
                yield Connect("127.0.0.1", port)

            first, second = (run([(1, jarm(connect, "www.example.com"))])[1].value for _ in range(2))
        assert first == second
        prints.append(first)
    assert prints[0] != prints[1]
    assert all(len(each) == 62 and each.strip("0") for each in prints)


def test_what_fails_among_them_is_no_answer() -> None:
    hello = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00"
    answers: list[bytes | ScanFailure] = [b"", hello] * 8
    answers += [b"", ScanFailure("timeout", "hello"), ScanFailure("refused", "connect")]
    _, fingerprint = drive(jarm(reach, "example.com"), answers)
    assert fingerprint == Jarm.fingerprint([Jarm.answer(hello)] * 8 + ["|||"] * 2)


def test_no_connection_at_all_and_no_time_left() -> None:
    assert failure_of(jarm(reach, "x"), [ScanFailure("refused", "connect")]).kind == "refused"
    assert isinstance(failure_of(jarm(reach, "x"), [b"", ALERT, Expired("timeout")]), Expired)
    assert isinstance(failure_of(jarm(reach, "x"), [b"", ALERT, b"", Expired("timeout")]), Expired)


def test_what_is_not_tls_is_no_answer() -> None:
    def web(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(web) as port:

        def connect() -> Conversation[None]:
            yield Connect("127.0.0.1", port)

        assert run([(1, jarm(connect, "127.0.0.1"))])[1].value == "0" * 62
