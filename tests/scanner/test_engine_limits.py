"""What the engine allows itself: places, connections to one address, a rate, and what the machine has left."""

from __future__ import annotations

import errno
import os
import resource
import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from tests.scanner.driving import run, serving, until_cut

from certhia.scanner import sockets, wires
from certhia.scanner.conversation import Connect, Conversation, Send, Wait
from certhia.scanner.engine import DONE, Engine, Item
from certhia.scanner.sockets import Scarce
from certhia.scanner.talks import Outcome


def echo(peer: socket.socket) -> None:
    peer.sendall(peer.recv(65536))


def ask(port: int, address: str = "127.0.0.1") -> Conversation[bytes]:
    yield Connect(address, port)
    return (yield Send(b"hello", "hello"))


def test_no_more_at_once_than_asked_for() -> None:
    most = 0
    now = 0
    lock = threading.Lock()

    def count(peer: socket.socket) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        peer.recv(100)
        with lock:
            now -= 1
        peer.sendall(b"ok")

    with serving(count) as port:
        assert len(run(((n, ask(port)) for n in range(60)), concurrency=7)) == 60
    assert most <= 7


def test_no_more_to_one_address_than_allowed_and_others_go_on() -> None:
    here: dict[str, int] = {}
    most: dict[str, int] = {}
    lock = threading.Lock()

    def count(peer: socket.socket) -> None:
        address = peer.getsockname()[0]
        with lock:
            here[address] = here.get(address, 0) + 1
            most[address] = max(most.get(address, 0), here[address])
        peer.recv(100)
        with lock:
            here[address] -= 1
        peer.sendall(b"ok")
        until_cut(peer)

    with serving(count, "0.0.0.0") as port:
        items = [(n, ask(port, f"127.0.0.{1 + (n > 40)}")) for n in range(50)]
        outcomes = run(items, per_host=3)
    assert all(outcome.value == b"ok" for outcome in outcomes.values())
    assert max(most.values()) <= 3


def test_the_rate_holds_for_second_connections_too() -> None:
    def twice(port: int) -> Conversation[int]:
        yield Connect("127.0.0.1", port)
        yield Connect("127.0.0.1", port)
        return 2

    with serving(until_cut) as port:
        outcomes = run([(n, twice(port)) for n in range(10)], rate=500.0, timeout=5.0)
    assert [outcome.value for outcome in outcomes.values()] == [2] * 10


def test_no_target_is_lost_when_descriptors_run_out() -> None:
    """Ten may be had where a hundred are wanted: the machine says so, and nothing is given up."""
    said: list[str] = []

    def visit(port: int) -> Conversation[str]:
        yield Connect("127.0.0.1", port)
        yield Wait(0.001)
        return "seen"

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        left = iter([(n, visit(listener.getsockname()[1])) for n in range(100)])
        outcomes: list[Outcome] = []
        engine = Engine(lambda: next(left, DONE), outcomes.extend, say=said.append)
        filled = [os.dup(listener.fileno()) for _ in range(50)]  # no gaps below the last
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(filled) + 11, before[1]))
            engine.run()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            for descriptor in filled:
                os.close(descriptor)
    assert [outcome.value for outcome in outcomes] == ["seen"] * 100
    assert len(said) < 10  # once in a while; a machine that was held up meanwhile may hear it again
    assert "file descriptor" in said[0]
    assert "ulimit -n" in said[0]
    assert engine.limit <= 11


def test_ports_that_run_out_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    refusals = iter([errno.EADDRNOTAVAIL, errno.ENOBUFS])
    real = sockets.connection

    def scarce(address: str, port: int) -> Any:
        number = next(refusals, None)
        if number:
            raise Scarce(number)
        return real(address, port)

    monkeypatch.setattr(wires, "connection", scarce)
    with serving(echo) as port:
        outcome = run([(1, ask(port))], say=said.append, timeout=30.0)[1]
    assert outcome.value == b"hello"
    assert [text for text in said if "local port" in text]


def test_tarpits_do_not_stop_the_good() -> None:
    """They hold places until their deadline, and there are more places than they take."""
    with serving(until_cut, "0.0.0.0") as bad, serving(echo, "0.0.0.0") as good:
        items: list[Item] = [(n, ask(bad)) for n in range(700)]
        items += [(n, ask(good)) for n in range(1000, 1050)]
        order: list[Outcome] = []
        left = iter(items)

        def take(outcomes: Sequence[Outcome]) -> None:
            order.extend(outcomes)
            if len(order) >= 50:
                engine.stop(cut=True)  # or it would wait for the tarpits' deadline

        engine = Engine(lambda: next(left, DONE), take, timeout=60.0)
        engine.run()
    assert len(order) == 750
    assert {outcome.key for outcome in order[:50]} == set(range(1000, 1050))
    assert all(outcome.failure and outcome.failure.kind == "stopped" for outcome in order[50:])
