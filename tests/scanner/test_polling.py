from __future__ import annotations

import selectors
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from certhia.scanner.polling import ENDED, READ, WRITE, Poller, Portable, pair, poller


class OneByOne(selectors.SelectSelector):
    """As `selectors.KqueueSelector` tells, which only macOS and the BSDs have: of reading and of writing one by one."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        bits = (selectors.EVENT_WRITE, selectors.EVENT_READ)
        return [(key, mask & bit) for key, mask in super().select(timeout) for bit in bits if mask & bit]


@pytest.fixture(params=[poller, Portable, lambda: Portable(OneByOne())], ids=["here", "portable", "as-kqueue"])
def watching(request: pytest.FixtureRequest) -> Iterator[Poller]:
    made: Callable[[], Poller] = request.param
    polled = made()
    yield polled
    polled.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = pair()
    with left, right:
        yield left, right


def test_tells_of_a_change_once(watching: Poller, ends: tuple[socket.socket, socket.socket]) -> None:
    left, right = ends
    watching.add(left.fileno(), True)
    assert [(fd, mask & WRITE) for fd, mask in watching.wait(1)] == [(left.fileno(), WRITE)]
    assert watching.wait(0) == []
    right.send(b"x")
    assert [(fd, mask & READ) for fd, mask in watching.wait(1)] == [(left.fileno(), READ)]


def test_tells_that_it_may_be_written_to_again(watching: Poller, ends: tuple[socket.socket, socket.socket]) -> None:
    left, right = ends
    watching.add(left.fileno(), False)
    with pytest.raises(BlockingIOError):
        while True:
            left.send(bytes(65536))
    watching.writing(left.fileno())
    watching.wait(0)
    while True:
        try:
            right.recv(1 << 20)
        except BlockingIOError:
            break
    assert any(mask & WRITE for _, mask in watching.wait(1))


def test_tells_of_the_end(watching: Poller, ends: tuple[socket.socket, socket.socket]) -> None:
    left, right = ends
    watching.add(left.fileno(), False)
    right.shutdown(socket.SHUT_WR)
    assert any(mask & ENDED for _, mask in watching.wait(1))
    watching.remove(left.fileno())


def test_tells_of_each_socket_in_one_word(ends: tuple[socket.socket, socket.socket]) -> None:
    left, right = ends
    watching = Portable(OneByOne())
    watching.add(left.fileno(), True)
    right.send(b"x")
    ((fd, mask),) = watching.wait(1)
    assert (fd, mask & READ, mask & WRITE) == (left.fileno(), READ, WRITE)
    watching.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no epoll")
def test_linux_has_the_quick_one() -> None:
    polled = poller()
    assert type(polled).__name__ == "Edges"
    polled.close()
