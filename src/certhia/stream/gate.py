"""Who may come in, and how many: connections in all, of an address, and of an address a second."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from certhia.clock import Clock
from certhia.config.networks import Address, Network

MAX_REMEMBERED: Final = 50_000  # addresses whose haste is remembered

TOTAL: Final = "total"
ADDRESS: Final = "address"
RATE: Final = "rate"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is let in.

    Attributes:
        total: connections at once.
        per_address: connections of one address (of IPv6: of one /64) at once.
        rate: connections a second of one address, in the long run.
        burst: connections of one address at once after a rest.
        exempt: networks that only `total` holds for: this machine, proxies.
    """

    total: int = 10_000
    per_address: int = 100
    rate: float = 20.0
    burst: int = 100
    exempt: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """One place inside. `key`: the address that it counts for; empty for one that only the total holds for."""

    key: str
    counted: bool = True  # for the total


class Gate:
    """Counts who is inside. Not for two threads.

    Attributes:
        inside: connections that are inside.
        refused: how many were refused, by reason.
    """

    def __init__(self, bounds: Bounds, clock: Clock) -> None:
        self.inside = 0
        self.refused: Counter[str] = Counter()
        self._bounds = bounds
        self._clock = clock
        self._slots: set[Slot] = set()  # those that are taken
        self._of: dict[str, int] = {}
        self._free_at: dict[str, float] = {}  # monotonic: when an address has used up no haste; the oldest first

    def adopt(self, bounds: Bounds) -> None:
        """Lets in so many from now on; who is inside stays."""
        self._bounds = bounds

    def enter(self, address: Address | None, *, forwarded: bool = False) -> Slot | str:
        """A place for a connection, or why there is none. `address`: None for one of this machine (a Unix socket);
        `forwarded`: it comes by a proxy, whose connection is inside already."""
        if not forwarded and self.inside >= self._bounds.total:
            return self._refuse(TOTAL)
        key = "" if address is None or self._is_exempt(address) else key_of(address)
        if key and self._of.get(key, 0) >= self._bounds.per_address:
            return self._refuse(ADDRESS)
        if key and not self._has_time(key):
            return self._refuse(RATE)
        if key:
            self._of[key] = self._of.get(key, 0) + 1
        self.inside += not forwarded
        slot = Slot(key, not forwarded)
        self._slots.add(slot)
        return slot

    def leave(self, slot: Slot) -> None:
        """The place is free again; once is enough."""
        if slot not in self._slots:
            return
        self._slots.discard(slot)
        self.inside -= slot.counted
        if slot.key:
            left = self._of[slot.key] - 1
            if left:
                self._of[slot.key] = left
            else:
                del self._of[slot.key]

    def _is_exempt(self, address: Address) -> bool:
        return any(address in network for network in self._bounds.exempt)

    def _has_time(self, key: str) -> bool:
        """Whether an address has not come too often: each time takes 1/rate seconds of a store of burst/rate."""
        now, bounds = self._clock.monotonic(), self._bounds
        free_at = max(self._free_at.pop(key, now), now)
        fits = free_at - now <= (bounds.burst - 1) / bounds.rate
        self._free_at[key] = free_at + 1 / bounds.rate if fits else free_at
        while self._free_at:
            oldest = next(iter(self._free_at))
            if self._free_at[oldest] > now and len(self._free_at) <= MAX_REMEMBERED:
                break
            del self._free_at[oldest]
        return fits

    def _refuse(self, reason: str) -> str:
        self.refused[reason] += 1
        return reason


def key_of(address: Address) -> str:
    """What an address counts as: of IPv6 its /64, as whoever has one has all of it."""
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
