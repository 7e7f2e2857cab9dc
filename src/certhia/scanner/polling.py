"""Waiting for thousands of sockets: each change is told once, as edge-triggered epoll does."""

from __future__ import annotations

import select
import selectors
import socket
import sys
from typing import Final, Protocol

# epoll's own numbers: what it tells is passed on as it is.
READ: Final = 0x01  # there is something to read
WRITE: Final = 0x04  # it is connected, or takes bytes again
ENDED: Final = 0x2018  # any of ERR, HUP, RDHUP: the peer ended or it broke; reading says which, once all is read
_END: Final = 0x08


class Poller(Protocol):
    """Tells of each change once: whoever is told reads until there is no more."""

    def add(self, fd: int, write: bool) -> None:
        """Watches a socket for reading, and for writing where `write`."""

    def writing(self, fd: int) -> None:
        """Watches it for writing too: it took only a part."""

    def remove(self, fd: int) -> None:
        """Forgets a socket that is about to be closed."""

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """(descriptor, mask) of what changed, after `seconds` at the latest."""

    def close(self) -> None:
        """Gives the descriptor back."""


class Portable:
    """Over what the system offers (kqueue on macOS): level-triggered, made to tell once by asking for less."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self._selector = selector or selectors.DefaultSelector()

    def add(self, fd: int, write: bool) -> None:
        """Watches a socket."""
        self._selector.register(fd, selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0))

    def writing(self, fd: int) -> None:
        """Watches it for writing too."""
        self._selector.modify(fd, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def remove(self, fd: int) -> None:
        """Forgets it."""
        self._selector.unregister(fd)

    def wait(self, seconds: float) -> list[tuple[int, int]]:
        """What changed. Every READ may be the end, since nothing says which it is."""
        told: dict[int, int] = {}  # kqueue tells of reading and of writing one by one
        for key, mask in self._selector.select(seconds):
            if mask & selectors.EVENT_WRITE:
                self._selector.modify(key.fd, selectors.EVENT_READ)
            read = READ | _END if mask & selectors.EVENT_READ else 0
            told[key.fd] = told.get(key.fd, 0) | read | (WRITE if mask & selectors.EVENT_WRITE else 0)
        return list(told.items())

    def close(self) -> None:
        """Gives the descriptor back."""
        self._selector.close()


if sys.platform == "linux":
    _MOST: Final = 512
    _READ: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
    _BOTH: Final = _READ | select.EPOLLOUT

    class Edges:
        """Linux's epoll."""

        def __init__(self) -> None:
            self._epoll = select.epoll()

        def add(self, fd: int, write: bool) -> None:
            """Watches a socket."""
            self._epoll.register(fd, _BOTH if write else _READ)

        def writing(self, fd: int) -> None:
            """Watches it for writing too."""
            self._epoll.modify(fd, _BOTH)

        def remove(self, fd: int) -> None:
            """Nothing to do: closing a descriptor takes it out."""

        def wait(self, seconds: float) -> list[tuple[int, int]]:
            """What changed."""
            return self._epoll.poll(seconds, _MOST)

        def close(self) -> None:
            """Gives the descriptor back."""
            self._epoll.close()


def poller() -> Poller:
    """The best there is here."""
    return Edges() if sys.platform == "linux" else Portable()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two joined sockets that never block: one end wakes a poller that watches the other."""
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    return left, right
