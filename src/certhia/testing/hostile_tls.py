"""A TLS server that misbehaves on cue, on every address of loopback, with thousands of connections at once.

    with HostileTls(cues.silent) as server:                    # accepts, and says nothing
        server.at["127.0.0.9"] = cues.replay(recorded)         # there, what was recorded
        ...                                                    # 127.0.0.1 to 127.255.255.254, server.port

A cue makes the script of one connection: what is done, act by act. `certhia.testing.cues` has the usual ones. It
listens on 127.0.0.0/8 where the system answers on all of it (Linux), without TLS of its own: bytes are all it knows.
"""

from __future__ import annotations

import heapq
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple, Self, TypeAlias

from certhia.clock import Clock

_LINGER: Final = struct.pack("ii", 1, 0)  # close() sends RST
_GULP: Final = 16  # acts of one connection in one turn: one that talks without end stops no other
_ACCEPTED: Final = 256  # in one turn
_LONGEST: Final = 0.5


class Say(NamedTuple):
    """Sends these bytes, all of them, as the peer takes them."""

    data: bytes


class Hear(NamedTuple):
    """Waits until the peer has said something more."""


class Pause(NamedTuple):
    """Does nothing for so many seconds."""

    seconds: float


class Reset(NamedTuple):
    """Cuts the connection off by RST. A script's end closes it in order."""


Act: TypeAlias = Say | Hear | Pause | Reset
Cue: TypeAlias = Callable[[], Iterator[Act]]


class _Peer:
    """One connection."""

    __slots__ = ("heard", "hearing", "left", "script", "socket")

    def __init__(self, peer: socket.socket, script: Iterator[Act]) -> None:
        self.socket = peer
        self.script = script
        self.left = memoryview(b"")
        self.heard = self.hearing = False


class HostileTls:
    """The server. A thread of its own, from `__enter__` to `close`.

    Args:
        cue: for connections to all addresses that `at` does not name.

    Attributes:
        port: where, on all of 127.0.0.0/8.
        at: other cues, by address.
        visits: connections that came.
        most: open at once, at most.
    """

    def __init__(self, cue: Cue) -> None:
        self._cue = cue
        self.at: dict[str, Cue] = {}
        self.visits = self.most = 0
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self._woken, self._waker = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, self)
        self._peers: set[_Peer] = set()
        self._timers: list[tuple[float, int, _Peer]] = []
        self._ready: deque[_Peer] = deque()
        self._order = count()
        self._clock = Clock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="hostile-tls", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection by RST, and listens no more."""
        self._closing = True
        with suppress(OSError):  # closed before
            self._waker.send(b"\0")
        self._thread.join(20)
        self._waker.close()

    def _run(self) -> None:
        while not self._closing:
            due = self._timers[0][0] - self._clock.monotonic() if self._timers else _LONGEST
            for key, mask in self._selector.select(0 if self._ready else max(0.0, min(due, _LONGEST))):
                if key.data is None:
                    self._accept()
                elif key.data is not self:
                    self._happened(key.data, mask)
            for _ in range(len(self._ready)):
                self._go_on(self._ready.popleft())
            while self._timers and self._timers[0][0] <= self._clock.monotonic():
                self._go_on(heapq.heappop(self._timers)[2])
        for peer in [*self._peers]:
            self._end(peer, reset=True)
        self._selector.close()
        self._listener.close()
        self._woken.close()

    def _accept(self) -> None:
        for _ in range(_ACCEPTED):
            try:
                made, _ = self._listener.accept()
            except OSError:  # nobody waits; or no descriptor is left: it is tried again in the next turn
                return
            made.setblocking(False)
            self.visits += 1
            peer = _Peer(made, self.at.get(made.getsockname()[0], self._cue)())
            self._peers.add(peer)
            self.most = max(self.most, len(self._peers))
            self._selector.register(made, selectors.EVENT_READ, peer)
            self._go_on(peer)

    def _happened(self, peer: _Peer, mask: int) -> None:
        if mask & selectors.EVENT_READ:
            try:
                data = peer.socket.recv(65_536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._end(peer)
                return
            peer.heard = True
            if peer.hearing:
                self._go_on(peer)
        if mask & selectors.EVENT_WRITE and peer in self._peers:
            self._go_on(peer)

    def _go_on(self, peer: _Peer) -> None:
        """The next acts, until one takes time."""
        for _ in range(_GULP):
            if peer not in self._peers or not self._sent(peer):
                return
            if peer.hearing:
                if not peer.heard:
                    return
                peer.heard = peer.hearing = False
            act = next(peer.script, None)
            if isinstance(act, Say):
                peer.left = memoryview(act.data)
            elif isinstance(act, Hear):
                peer.hearing = True
            elif isinstance(act, Pause):
                heapq.heappush(self._timers, (self._clock.monotonic() + act.seconds, next(self._order), peer))
                return
            else:
                self._end(peer, reset=act is not None)
                return
        self._ready.append(peer)

    def _sent(self, peer: _Peer) -> bool:
        """Whether all that was to be said is."""
        if not peer.left:
            return True
        try:
            peer.left = peer.left[peer.socket.send(peer.left) :]
        except BlockingIOError:
            pass
        except OSError:
            self._end(peer)
            return False
        more = selectors.EVENT_WRITE if peer.left else 0
        self._selector.modify(peer.socket, selectors.EVENT_READ | more, peer)
        return not peer.left

    def _end(self, peer: _Peer, *, reset: bool = False) -> None:
        if peer not in self._peers:
            return
        self._peers.discard(peer)
        self._selector.unregister(peer.socket)
        if reset:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        peer.socket.close()
