from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tests.scanner.driving import run, serving, until_cut

from certhia.scanner import polling
from certhia.scanner.conversation import RECEIVE, Again, Connect, Conversation, Send, Tell, Wait
from certhia.scanner.engine import DONE, Engine, Item
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.talks import Outcome


def ask(port: int, say: bytes = b"hello", address: str = "127.0.0.1") -> Conversation[bytes]:
    """Says something and reads to the end."""
    yield Connect(address, port)
    answer = data = yield Send(say, "hello")
    while data:
        data = yield RECEIVE
        answer += data
    return answer


def echo(peer: socket.socket) -> None:
    peer.sendall(peer.recv(65536))


def mute(peer: socket.socket) -> None:
    until_cut(peer)


def test_asks_many_at_once() -> None:
    with serving(echo) as port:
        outcomes = run((n, ask(port, b"%d" % n)) for n in range(500))
    assert {key: outcome.value for key, outcome in outcomes.items()} == {n: b"%d" % n for n in range(500)}
    assert all(outcome.attempts == 1 and outcome.seconds >= 0 and outcome.at > 1e9 for outcome in outcomes.values())


def test_runs_on_a_thread_of_its_own_and_delivers_there() -> None:
    threads = set()
    outcomes: list[Outcome] = []

    def deliver(batch: Sequence[Outcome]) -> None:
        threads.add(threading.current_thread().name)
        outcomes.extend(batch)

    with serving(echo) as port:
        left: Iterator[Item] = iter([(n, ask(port)) for n in range(3)])
        engine = Engine(lambda: next(left, DONE), deliver)
        engine.start()
        assert engine.join(20)
    assert (threads, len(outcomes), engine.done, engine.busy) == ({"scanner"}, 3, 3, 0)


def test_large_things_both_ways() -> None:
    """More than the system takes at once, more than one chunk, and the end."""
    said = bytes(range(256)) * 8192

    def large(peer: socket.socket) -> None:
        got = 0
        while got < len(said):
            got += len(peer.recv(65536))
        peer.sendall(said)

    with serving(large) as port:
        assert run([(1, ask(port, said))])[1].value == said


def test_tells_and_waits() -> None:
    heard = []

    def handle(peer: socket.socket) -> None:
        heard.append(peer.recv(100))
        peer.sendall(b"yes")
        until_cut(peer)

    def talk(port: int) -> Conversation[bytes]:
        yield Connect("127.0.0.1", port)
        yield Tell(b"no answer wanted", "hello")
        yield Wait(0.001)
        return (yield RECEIVE)

    with serving(handle) as port:
        assert run([(1, talk(port))])[1].value == b"yes"
    assert heard == [b"no answer wanted"]


def test_one_after_the_other() -> None:
    """A second connection cuts off the first."""

    def twice(port: int) -> Conversation[bytes]:
        yield Connect("127.0.0.1", port)
        first = yield Send(b"a")
        yield Connect("127.0.0.1", port)
        return first + (yield Send(b"b"))

    with serving(echo) as port:
        assert run([(1, twice(port))])[1].value == b"ab"


def test_does_the_same_where_there_is_no_epoll(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "poller", polling.Portable)
    said = bytes(range(256)) * 4096

    def large(peer: socket.socket) -> None:
        got = 0
        while got < len(said):
            got += len(peer.recv(65536))
        peer.sendall(said)

    with serving(echo) as port, serving(large) as other, serving(mute) as silent:
        items = [(n, ask(port, b"%d" % n)) for n in range(50)]
        outcomes = run([*items, ("large", ask(other, said)), ("mute", ask(silent))], timeout=3.0)
    assert [outcomes[n].value for n in range(50)] == [b"%d" % n for n in range(50)]
    assert outcomes["large"].value == said
    assert str(outcomes["mute"].failure) == "timeout at hello"


# What goes wrong


def hang_up(peer: socket.socket) -> None:
    peer.recv(100)


def reset(peer: socket.socket) -> None:
    peer.recv(100)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def must(port: int) -> Conversation[bytes]:
    yield Connect("127.0.0.1", port)
    data = yield Send(b"x", "hello")
    if not data:
        raise ScanFailure("closed")
    return data


@pytest.mark.parametrize(
    "server, timeout, failure",
    [(hang_up, 30.0, "closed at hello"), (reset, 30.0, "reset at hello"), (mute, 1.0, "timeout at hello")],
    ids=["closed", "reset", "timeout"],
)
def test_failures_say_where(server: Any, timeout: float, failure: str) -> None:
    with serving(server) as port:
        outcome = run([(1, must(port))], timeout=timeout)[1]
    assert (str(outcome.failure), outcome.value) == (failure, None)


def test_nobody_listens() -> None:
    with serving(mute) as port:
        pass
    assert str(run([(1, ask(port))])[1].failure) == "refused at connect"


def test_a_conversations_own_bug_is_not_the_others_end() -> None:
    def broken(port: int) -> Conversation[bytes]:
        yield Connect("127.0.0.1", port)
        raise ZeroDivisionError("\x1b[2J")

    def confused(port: int) -> Conversation[bytes]:
        yield Connect("127.0.0.1", port)
        yield "what?"  # type: ignore[misc]
        return b""

    def hasty() -> Conversation[bytes]:
        return (yield Send(b"before it connects"))

    with serving(echo) as port:
        outcomes = run([(1, broken(port)), (2, ask(port)), (3, confused(port)), (4, hasty())])
    assert outcomes[2].value == b"hello"
    kinds = {key: outcome.failure.kind for key, outcome in outcomes.items() if outcome.failure}
    assert kinds == {1: "defect", 3: "defect", 4: "defect"}
    assert "\x1b" not in str(outcomes[1].failure)


# Deadlines


def test_the_deadline_is_one_for_all_steps() -> None:
    """One byte at a time does not prolong it (T01)."""
    left = threading.Event()

    def drip(peer: socket.socket) -> None:
        peer.recv(100)
        while not left.wait(0.02):
            peer.sendall(b".")

    with serving(drip) as port:
        outcome = run([(1, ask(port))], timeout=1.0)[1]
        left.set()
    assert str(outcome.failure) == "timeout at hello"


def test_a_flood_does_not_hold_the_deadline_up() -> None:
    def flood(peer: socket.socket) -> None:
        peer.recv(100)
        while True:
            peer.sendall(bytes(65536))

    with serving(flood) as port, serving(echo) as other:
        outcomes = run([(1, ask(port)), (2, ask(other))], timeout=3.0)
    assert str(outcomes[1].failure) == "timeout at hello"
    assert outcomes[2].value == b"hello"


def test_what_was_seen_until_then_may_be_kept() -> None:
    def patient(port: int) -> Conversation[str]:
        yield Connect("127.0.0.1", port)
        try:
            yield Send(b"x", "hello")
        except Expired as late:
            return f"until {late.step}"
        return "all"

    def stubborn(port: int) -> Conversation[str]:
        yield Connect("127.0.0.1", port)
        while True:
            try:
                yield Send(b"x", "hello")
            except ScanFailure:
                continue

    with serving(mute) as port:
        outcomes = run([(1, patient(port)), (2, stubborn(port))], timeout=1.0)
    assert outcomes[1].value == "until hello"
    assert str(outcomes[2].failure) == "timeout at hello"


def test_a_steps_own_limit_can_be_survived() -> None:
    def impatient(port: int, other: int) -> Conversation[bytes]:
        yield Connect("127.0.0.1", port)
        try:
            yield Send(b"x", "hello", 0.02)
        except ScanFailure as late:
            if isinstance(late, Expired) or late.kind != "timeout":
                raise
        yield Connect("127.0.0.1", other)
        yield Send(b"y", "hello", 0.05)
        yield Wait(0.1)
        return b"went on"

    with serving(mute) as port, serving(echo) as other:
        assert run([(1, impatient(port, other))])[1].value == b"went on"


def test_another_attempt_has_a_deadline_of_its_own() -> None:
    tries = []

    def once(peer: socket.socket) -> None:
        tries.append(1)
        echo(peer) if len(tries) > 2 else until_cut(peer)

    def again(port: int) -> Conversation[bytes]:
        while True:
            try:
                return (yield from must(port))
            except ScanFailure:
                yield Again(0.01)

    with serving(once) as port:
        outcome = run([(1, again(port))], timeout=0.1)[1]
    assert (outcome.value, outcome.attempts) == (b"x", len(tries))
    assert outcome.attempts >= 3


# Stopping


def test_stops_when_all_are_done() -> None:
    """What is open goes on to its end; nothing more is pulled."""
    release = threading.Event()
    begun = threading.Event()

    def slow(peer: socket.socket) -> None:
        peer.recv(100)
        begun.set()
        release.wait(10)
        peer.sendall(b"done")

    outcomes: list[Outcome] = []
    with serving(slow) as port:
        engine = Engine(lambda: (0, must(port)), outcomes.extend, concurrency=1)
        engine.start()
        begun.wait(10)
        engine.stop()
        release.set()
        assert engine.join(20)
    assert [outcome.value for outcome in outcomes] == [b"done"]


def test_cut_off_at_once_and_said_so() -> None:
    begun = threading.Event()

    def never(peer: socket.socket) -> None:
        peer.recv(100)
        begun.set()
        until_cut(peer)

    outcomes: list[Outcome] = []
    with serving(never) as port:
        engine = Engine(lambda: (0, must(port)), outcomes.extend, concurrency=1)
        engine.start()
        begun.wait(10)
        engine.stop(cut=True)
        assert engine.join(20)
        engine.stop()
    assert [str(outcome.failure) for outcome in outcomes] == ["stopped at hello"]


def test_a_source_that_has_nothing_yet_wakes_it_later() -> None:
    items: list[Any] = []
    outcomes: list[Outcome] = []
    asked = threading.Event()

    def source() -> Any:
        asked.set()
        return items.pop() if items else None

    with serving(echo) as port:
        engine = Engine(source, outcomes.extend)
        engine.start()
        asked.wait(10)
        items.extend([DONE, (1, ask(port))])
        engine.wake()
        assert engine.join(20)
    assert [outcome.value for outcome in outcomes] == [b"hello"]


def test_what_source_or_deliver_raise_comes_out_of_join() -> None:
    def source() -> Any:
        raise ZeroDivisionError

    engine = Engine(source, print)
    engine.start()
    with pytest.raises(ZeroDivisionError):
        engine.join(20)
