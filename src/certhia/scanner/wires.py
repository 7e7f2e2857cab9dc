"""The sockets of slots: opened where pace, crowding and the machine allow it, sent to, read from, cut off."""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from certhia.scanner.conversation import Connect
from certhia.scanner.crowding import Crowding
from certhia.scanner.failures import ScanFailure
from certhia.scanner.pace import Pace
from certhia.scanner.polling import Poller
from certhia.scanner.slots import CONNECTING, RECEIVING, RESTING, SENDING, Limit, Slot
from certhia.scanner.sockets import Scarce, connection, cut, failed
from certhia.scanner.timers import OPEN, Timers

CHUNK: Final = 16_384
_PATIENCE: Final = 60.0  # seconds to wait for what never comes while none is open: TIME_WAIT is as long
_PAUSE: Final = 0.1
_QUIET: Final = 10.0  # seconds between two complaints


class Wires:
    """What the engine knows of sockets.

    Attributes:
        at: slots with a socket, by descriptor.
        ready: slots that may try to open their next connection in the next turn.
    """

    def __init__(
        self,
        poller: Poller,
        timers: Timers,
        limit: Limit,
        pace: Pace | None,
        crowding: Crowding | None,
        say: Callable[[str], None],
    ) -> None:
        self._poller = poller
        self._timers = timers
        self._limit = limit
        self._pace = pace
        self._crowding = crowding
        self._free = pace is None and crowding is None
        self._say = say
        self._said = -_QUIET
        self.at: dict[int, Slot] = {}
        self.ready: deque[Slot] = deque()

    def open(self, slot: Slot, connect: Connect, now: float) -> bool:
        """Begins a connection, or has the slot wait for its turn (`slot.waiting` is set then).

        Returns:
            Whether it is open already.

        Raises:
            ScanFailure: it can't be opened.
        """
        if self._free:
            return self.open_now(slot, connect, now)
        if self._crowding is not None and not slot.places and not self._crowding.enter(slot, connect):
            return self._rest(slot, connect, now)
        if self._pace is not None:
            delay = self._pace.take(now)
            if delay > 0.0:
                self._rest(slot, connect, now)
                self._timers.set(now + delay, slot, OPEN)
                return False
        return self.open_now(slot, connect, now)

    def open_now(self, slot: Slot, connect: Connect, now: float) -> bool:
        """As `open`, for a slot that has its place and its moment."""
        try:
            made, already = connection(connect[0], connect[1])
        except Scarce as scarce:
            return self._scarce(slot, connect, scarce.number, now)
        slot.waiting = 0.0
        slot.socket = made
        fd = slot.fd = made.fileno()
        slot.state = CONNECTING
        slot.readable = slot.over = False
        slot.step = "connect"
        self.at[fd] = slot
        self._poller.add(fd, not already)
        return already

    def close(self, slot: Slot) -> None:
        """Cuts the slot's connection off, if it has one; its place goes to the next who waits for it."""
        made = slot.socket
        if made is not None:
            slot.socket = slot.pending = None
            del self.at[slot.fd]
            self._poller.remove(slot.fd)
            if slot.over:
                made.close()
            else:
                cut(made)
        if slot.places and self._crowding is not None:
            self.ready.extend(self._crowding.leave(slot))

    def connected(self, slot: Slot) -> bool:
        """Whether a connection that was begun is open now.

        Raises:
            ScanFailure: it failed.
        """
        assert slot.socket is not None
        if slot.over or slot.readable:
            number = slot.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise failed(number, "connect")
        return True

    def send(self, slot: Slot, data: bytes | memoryview) -> bool:
        """Whether all of it went; else the rest goes by `flush`.

        Raises:
            ScanFailure: the peer reset the connection.
        """
        made = slot.socket
        if made is None:
            raise ScanFailure("defect", slot.step, "a conversation sends before it connects")
        try:
            sent = made.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            if slot.readable or slot.over:  # what it said before it reset is worth more than that it did
                return True
            raise failed(error.errno, slot.step) from None
        if sent == len(data):
            slot.pending = None
            return True
        slot.pending = memoryview(data)[sent:]
        slot.state = SENDING
        self._poller.writing(slot.fd)
        return False

    def receive(self, slot: Slot) -> bytes | None:
        """What there is to read, b"" at the end; None where nothing is there yet.

        Raises:
            ScanFailure: the peer reset the connection.
        """
        slot.state = RECEIVING
        if not slot.readable:
            return None
        made = slot.socket
        if made is None:
            raise ScanFailure("defect", slot.step, "a conversation reads before it connects")
        try:
            data = made.recv(CHUNK)
        except BlockingIOError:
            slot.readable = False
            return None
        except OSError as error:
            raise failed(error.errno, slot.step) from None
        if len(data) < CHUNK and not slot.over:
            slot.readable = False
        return data

    def _rest(self, slot: Slot, connect: Connect, now: float) -> bool:
        slot.state = RESTING
        slot.next = connect
        slot.waiting = slot.waiting or now
        return False

    def _scarce(self, slot: Slot, connect: Connect, number: int, now: float) -> bool:
        held = len(self.at)
        if slot.waiting and now - slot.waiting > _PATIENCE and not held:
            raise failed(number, "connect")
        self._limit.shrink(now, held)
        if now >= self._said + _QUIET:
            self._said = now
            self._say(complaint(number, held))
        self._rest(slot, connect, now)
        self._timers.set(now + _PAUSE, slot, OPEN)
        return False


def complaint(number: int, held: int) -> str:
    """What there is too little of, for people."""
    if number in (errno.EMFILE, errno.ENFILE):
        return (
            f"No file descriptor is left with {held} connections open: the scan goes on with fewer. Raise `ulimit -n`."
        )
    if number == errno.EADDRNOTAVAIL:
        return f"No local port is left with {held} connections open: the scan goes on as they come free."
    return (
        f"The system has no room for more than {held} connections ({os.strerror(number)}): the scan goes on with fewer."
    )
