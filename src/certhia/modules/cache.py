"""What a module found in a certificate, kept for when that comes again: as its precertificate, in another log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.modules.batch import Entries
from certhia.modules.finding import Result

CERTIFICATES: Final = 50_000  # that are remembered for one module
FEW: Final = 8  # one in so many of a page: then each is asked for its hash, else a column is made


class Cache:
    """Of one module in one version: it goes with it. `ttl`: seconds."""

    def __init__(self, ttl: float, clock: Clock, capacity: int = CERTIFICATES) -> None:
        self.hits = 0
        self.misses = 0
        self._ttl = ttl
        self._clock = clock
        self._capacity = capacity
        self._known: OrderedDict[bytes, tuple[float, tuple[Result, ...]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def empty(self) -> Cache:
        """Another one like it, that knows nothing."""
        return Cache(self._ttl, self._clock, self._capacity)

    def known(self, batch: Entries) -> tuple[Entries, dict[int, bytes], list[Result]]:
        """What is still to be asked of a page, the hashes of its certificates by position, and what is known of the
        others."""
        left, keys, found, now = list[int](), dict[int, bytes](), list[Result](), self._clock.monotonic()
        hashes = _hashes(batch)
        for position in batch.positions:
            key = hashes.get(position)
            kept = self._known.get(key) if key is not None else None
            if key is None or kept is None or now - kept[0] >= self._ttl:
                left.append(position)
                if key is not None:
                    keys[position] = key
                continue
            self._known.move_to_end(key)
            found += [replace(result, position=position) for result in kept[1]]
        self.hits += len(batch) - len(left)
        self.misses += len(left)
        return Entries(batch.log, batch.shared, left), keys, found

    def learn(self, keys: dict[int, bytes], results: Sequence[Result]) -> None:
        """What a call gave, by the positions of these keys. What is about no position is not kept."""
        now = self._clock.monotonic()
        by: dict[int, list[Result]] = {position: [] for position in keys}
        for result in results:
            if result.position in by:
                by[result.position].append(result)
        for position, those in by.items():
            self._known[keys[position]] = now, tuple(those)
            self._known.move_to_end(keys[position])
        while len(self._known) > self._capacity:
            self._known.popitem(last=False)


def _hashes(batch: Entries) -> dict[int, bytes]:
    """`tbs_sha256` by position: equal for a precertificate and its certificate. None of what is no certificate."""
    if len(batch) * FEW >= len(batch.page):
        column = batch.columns["tbs_sha256"]
        return {at: key for at in batch.positions if isinstance(key := column[at], bytes)}
    found: dict[int, bytes] = {}
    for position, entry in batch:
        try:
            found[position] = entry.certificate.tbs_sha256
        except Malformed:
            continue
    return found
