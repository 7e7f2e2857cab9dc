from __future__ import annotations

from tests.scanner.driving import drive, failure_of

from certhia.scanner.conversation import Conversation, Send, Tell
from certhia.scanner.sessions import fault, say, shake


class Scripted:
    """A session that says what it is told to: states for `feed`, and what each gives to send and to read."""

    version = cipher = group = alpn = staple = alert = ja3s = None
    signature = "good"
    closed = False
    client_certificate = False

    def __init__(self, *feeds: tuple[str, bytes, bytes]) -> None:
        self._feeds = list(feeds)
        self._out = b"hello"
        self._in = b""
        self.fault: tuple[str, str] | None = None
        self.certificates: list[bytes] = []
        self.scts: list[bytes] = []

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def feed(self, data: bytes) -> str:
        state, self._out, self._in = self._feeds.pop(0)
        if state == "failed":
            self.fault = ("alert", "bad_certificate")
        return state

    def send(self, data: bytes) -> None:
        self._out += data.upper()

    def received(self) -> bytes:
        got, self._in = self._in, b""
        return got

    def close(self) -> None:
        self._out += b"bye"


def test_shakes_hands() -> None:
    session = Scripted(("more", b"", b""), ("done", b"finished", b""))
    steps, _ = drive(shake(session), [b"1", b"2", b""])
    assert steps == [Send(b"hello", "handshake"), Send(b"", "handshake"), Tell(b"finished")]


def test_a_failure_says_our_alert_first() -> None:
    assert str(failure_of(shake(Scripted(("failed", b"alert!", b""))), [b"1", b""])) == (
        "alert at handshake: bad_certificate"
    )
    assert str(failure_of(shake(Scripted(("failed", b"", b""))), [b"1"])) == "alert at handshake: bad_certificate"


def test_the_peers_end_is_told() -> None:
    assert str(failure_of(shake(Scripted()), [b""])) == "closed at handshake"


def test_says_something_under_it() -> None:
    session = Scripted(("done", b"", b""), ("done", b"", b"answer"))
    session.outgoing()

    def talk() -> Conversation[tuple[bytes, bytes]]:
        return (yield from say(session, b"get")), (yield from say(session, b""))

    steps, answers = drive(talk(), [b"1", b"2", b""])
    assert steps == [Send(b"GET", "http"), Send(b"", "http"), Send(b"", "http")]
    assert answers == (b"answer", b"")


def test_what_came_before_it_broke_is_given_first() -> None:
    session = Scripted(("failed", b"", b"last words"), ("failed", b"", b""))
    assert drive(say(session, b""), [b"1"])[1] == b"last words"
    assert failure_of(say(session, b""), [b"2"]).kind == "alert"


def test_who_says_that_nothing_more_comes_is_not_waited_for() -> None:
    """close_notify ends the data, whether the connection stays open or not (RFC 8446 section 6.1)."""
    session = Scripted(("done", b"", b"all of it"))

    def talk() -> Conversation[tuple[bytes, bytes]]:
        first = yield from say(session, b"")
        session.closed = True
        return first, (yield from say(session, b""))

    steps, answers = drive(talk(), [b"1"])
    assert len(steps) == 1
    assert answers == (b"all of it", b"")


def test_a_view_without_a_reason() -> None:
    assert str(fault(Scripted(), "hello")) == "malformed at hello"
