"""Conversations driven without sockets, and servers that say what a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from certhia.scanner.conversation import Conversation, Step
from certhia.scanner.engine import DONE, Engine, Item
from certhia.scanner.failures import ScanFailure
from certhia.scanner.talks import Outcome

T = TypeVar("T")


def drive(talk: Conversation[T], answers: Iterable[bytes | ScanFailure]) -> tuple[list[Step], T]:
    """Gives each step its answer. Returns all steps, and what the conversation returned."""
    steps = []
    said = iter(answers)
    try:
        steps.append(next(talk))
        while True:
            answer = next(said, None)
            assert answer is not None, f"more is said than expected: {steps[-1]}"
            steps.append(talk.throw(answer) if isinstance(answer, ScanFailure) else talk.send(answer))
    except StopIteration as end:
        return steps, end.value


def failure_of(talk: Conversation[Any], answers: Iterable[bytes | ScanFailure]) -> ScanFailure:
    """The failure that the conversation ends with."""
    try:
        drive(talk, answers)
    except ScanFailure as failure:
        return failure
    raise AssertionError("it did not fail")


@contextmanager
def serving(handle: Callable[[socket.socket], None], address: str = "127.0.0.1") -> Iterator[int]:
    """A server on a free port; `handle` has each connection, on a thread of its own. Yields the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, 0))
        listener.listen(512)
        threads = []

        def one(peer: socket.socket) -> None:
            with peer, suppress(OSError):
                handle(peer)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    thread = threading.Thread(target=one, args=(peer,), daemon=True)
                    threads.append(thread)
                    thread.start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join(5)
            for thread in threads:
                thread.join(5)


def until_cut(peer: socket.socket) -> None:
    """Reads until the other side has gone."""
    with suppress(OSError):
        while peer.recv(65536):
            pass


def run(items: Iterable[Item], **options: Any) -> dict[Any, Outcome]:
    """Runs an engine over conversations. Returns outcomes by key."""
    left = iter(items)
    outcomes: list[Outcome] = []
    Engine(lambda: next(left, DONE), outcomes.extend, **options).run()
    assert len({outcome.key for outcome in outcomes}) == len(outcomes)
    return {outcome.key: outcome for outcome in outcomes}
