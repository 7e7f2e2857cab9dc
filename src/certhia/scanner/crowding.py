"""`--per-host`: no address, and no name that a target is counted by, has more than so many connections of ours open."""

from __future__ import annotations

from collections import deque

from certhia.scanner.conversation import Connect
from certhia.scanner.slots import Slot


class Crowding:
    """Counts open connections, and keeps who waits for a place, in order.

    Args:
        most: connections at once to one address or name.

    Attributes:
        waiting: how many wait; some may have given up.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, int] = {}
        self._queues: dict[str, deque[tuple[Slot, int]]] = {}
        self.waiting = 0

    def enter(self, slot: Slot, connect: Connect) -> bool:
        """Takes a place for `slot`; where there is none it is queued, and handed out by `leave`."""
        places = (connect.address, "host " + connect.host) if connect.host else (connect.address,)
        counts = self._open
        for place in places:
            if counts.get(place, 0) >= self._most:
                self._queues.setdefault(place, deque()).append((slot, slot.turn))
                self.waiting += 1
                return False
        for place in places:
            counts[place] = counts.get(place, 0) + 1
        slot.places = places
        return True

    def leave(self, slot: Slot) -> list[Slot]:
        """Gives its places back. Returns who may try now."""
        freed = []
        for place in slot.places:
            left = self._open[place] - 1
            if left:
                self._open[place] = left
            else:
                del self._open[place]
            if self._queues and place in self._queues:
                first = self._first(place)
                if first is not None:
                    freed.append(first)
        slot.places = ()
        return freed

    def _first(self, place: str) -> Slot | None:
        queue = self._queues[place]
        found = None
        while queue and found is None:
            slot, turn = queue.popleft()
            self.waiting -= 1
            if slot.turn == turn:
                found = slot
        if not queue:
            del self._queues[place]
        return found
