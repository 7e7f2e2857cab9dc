"""How often addresses and domains are asked that somebody else chose.

Whoever gets a certificate logged chooses names, and by their DNS the addresses that a probe of these names meets: ten
thousand names may lead to one address, which is not theirs. So an address is asked once in a while at most, and of one
registrable domain so many names; what is over is not asked, or later. Names that are within a scope of the user's own
take turns: all of them are asked.
"""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address
from typing import Final

from certhia._core import registrable_domain
from certhia.clock import Clock

MAX_TRACKED = 65_536  # addresses, and as many domains, that were asked lately

INTERVAL: Final = 60.0  # seconds between two probes of an address
BESIDE: Final = 1.0  # seconds between two pages, or two hosts in scope, for which an address is asked
WINDOW: Final = 3600.0  # seconds in which a domain has its allowance
ALLOWANCE: Final = 100  # probes of names below one registrable domain in a window


class Budget:
    """Says when a probe may be made. One thread.

    Args:
        interval: seconds between two probes of one address (of one /64 of IPv6).
        allowance: probes of one registrable domain in `window` seconds.
    """

    def __init__(
        self,
        *,
        interval: float = INTERVAL,
        allowance: int = ALLOWANCE,
        window: float = WINDOW,
        clock: Clock | None = None,
    ) -> None:
        self._interval = interval
        self._allowance = allowance
        self._window = window
        self._clock = clock or Clock()
        self._addresses: OrderedDict[str, float] = OrderedDict()  # when each may be asked again, the earliest first
        self._domains: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when its window ends, probes in it

    def wait(self, address: str, host: str | None = None) -> float:
        """Seconds until this address may be asked by this name (A-labels); 0 for now. Counts for nothing. Where as many
        were asked lately as are remembered, a further one waits until the first of them may be asked again."""
        now = self._clock.monotonic()
        self._forget(now)
        place, domain = _place(address), _domain(host)
        waits = [self._addresses.get(place, now) - now]
        ends, count = self._domains.get(domain, (now, 0))
        if domain and count >= self._allowance:
            waits.append(ends - now)
        if place not in self._addresses and len(self._addresses) >= MAX_TRACKED:
            waits.append(next(iter(self._addresses.values())) - now)
        if domain and domain not in self._domains and len(self._domains) >= MAX_TRACKED:
            waits.append(next(iter(self._domains.values()))[0] - now)
        return max(0.0, *waits)

    def take(self, address: str, host: str | None = None) -> bool:
        """Whether it may be asked now; if so it counts."""
        if self.wait(address, host) > 0:
            return False
        now = self._clock.monotonic()
        place, domain = _place(address), _domain(host)
        self._addresses.pop(place, None)
        self._addresses[place] = now + self._interval
        if domain:
            ends, count = self._domains.get(domain, (now + self._window, 0))
            self._domains[domain] = (ends, count + 1)
        return True

    def _forget(self, now: float) -> None:
        while self._addresses and next(iter(self._addresses.values())) <= now:
            self._addresses.popitem(last=False)
        while self._domains and next(iter(self._domains.values()))[0] <= now:
            self._domains.popitem(last=False)


class Turns:
    """One after the other at each address, as many as come. One thread.

    Args:
        interval: seconds between two at one address (at one /64 of IPv6).
    """

    def __init__(self, interval: float = BESIDE, *, clock: Clock | None = None) -> None:
        self._interval = interval
        self._clock = clock or Clock()
        self._next: dict[str, float] = {}  # when the next one's turn is

    def take(self, address: str) -> float:
        """When it may be asked, by the monotonic clock: now at the earliest. That turn is then taken."""
        now, place = self._clock.monotonic(), _place(address)
        moment = max(now, self._next.get(place, now))
        if len(self._next) >= MAX_TRACKED:  # those whose turn is to come stay: who has them waits is bounded elsewhere
            self._next = {one: at for one, at in self._next.items() if at > now}
        self._next[place] = moment + self._interval
        return moment


def _place(address: str) -> str:
    """What counts as one address: of IPv6 a whole /64, which anybody has to himself."""
    if ":" not in address:
        return address
    read = IPv6Address(address)
    return str(read.ipv4_mapped or IPv6Address(int(read) >> 64 << 64))


def _domain(host: str | None) -> str:
    """The registrable domain; the name itself where it has none."""
    return (registrable_domain(host) or host) if host else ""
