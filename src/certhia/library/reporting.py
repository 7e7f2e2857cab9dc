"""What a scan has to tell the bus: that it runs and how far it is, names and certificates that it meets, verdicts."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.errors import CerthiaError, Malformed, first_of
from certhia.events.bus import Bus
from certhia.events.types import (
    Body,
    CertificateFound,
    DomainDiscovered,
    ScanCompleted,
    ScanFailed,
    ScanProgress,
    ScanStarted,
    VulnerabilityDetected,
)
from certhia.library.announcing import MOST, Known
from certhia.scanner.records import Result

SOURCE: Final = "scan"
EVERY: Final = 5.0  # seconds between two words on progress
BITS: Final = 1 << 23  # of the filter that counts names

OF_RESULTS: Final = (DomainDiscovered.type, CertificateFound.type, VulnerabilityDetected.type)

Take = Callable[[Sequence[Result]], None]


class Distinct:
    """Counts different names in a megabyte: linear counting (Whang, Vander-Zanden and Taylor, 1990). Exact for few,
    within a percent for millions."""

    def __init__(self, bits: int = BITS) -> None:
        self._mask = bits - 1
        self._field = bytearray(bits // 8)
        self._empty = bits

    def add(self, names: Iterable[str]) -> None:
        """More of them."""
        field, mask = self._field, self._mask
        for name in names:
            at = hash(name) & mask
            if not field[at >> 3] & (bit := 1 << (at & 7)):
                field[at >> 3] |= bit
                self._empty -= 1

    def __len__(self) -> int:
        bits = self._mask + 1
        return round(-bits * math.log(max(self._empty, 1) / bits))


class Reporting:
    """Publishes for one scan. Results may be taken on any thread, one at a time; events are published on the loop.

    Attributes:
        bus: who is told.
        total: gives how many targets there are; None while that is not known.
        before: how many of them an earlier run has done.
    """

    def __init__(self, bus: Bus, scan_id: str, targets: Sequence[str], clock: Clock) -> None:
        """Made on the loop. `scan_id`: 32 hex digits, the correlation of all its events. `targets`: as given."""
        self.total: Callable[[], int | None] = lambda: None
        self.before = 0
        self.bus = bus
        self._id = scan_id
        self._targets = tuple(targets[:MOST])
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._names = Distinct()
        self._known, self._shown = Known(), Known()
        self._done = self._answered = 0

    def take(self, results: Sequence[Result]) -> None:
        """More results."""
        wanted = [one for one in OF_RESULTS if self.bus.wants(one)]
        with self._lock:
            told: list[Body] = []
            self._done += len(results)
            for result in results:
                if result.served is not None:
                    self._answered += 1
                    self._names.add([one.name for one in result.names])
                    if wanted:
                        self._found(result, wanted, told)
        if told:
            self._loop.call_soon_threadsafe(self._publish, told)

    @asynccontextmanager
    async def running(self, stopped: Callable[[], bool] = lambda: False) -> AsyncIterator[None]:
        """Around the scan: its start, its progress, how it ended. `stopped`: whether that was before its end."""
        began = self._clock.monotonic()
        self._publish([ScanStarted(self._id, self._targets)])
        beside = self._loop.create_task(self._progress(), name="progress of the scan")
        try:
            yield
        except Exception as error:
            await asyncio.sleep(0)  # what was found until then goes first
            self._publish([ScanFailed(self._id, _why(error), self.done)])
            raise
        finally:
            beside.cancel()
        await asyncio.sleep(0)
        seconds = round(self._clock.monotonic() - began, 3)
        found = len(self._names)
        self._publish([self._now(), ScanCompleted(self._id, self.done, self._answered, found, seconds, stopped())])

    @property
    def done(self) -> int:
        """Targets, with those of earlier runs."""
        return self.before + self._done

    async def _progress(self) -> None:
        before = -1
        while True:
            await self._clock.sleep(EVERY)
            if self._done != before:
                before = self._done
                self._publish([self._now()])

    def _now(self) -> ScanProgress:
        total = self.total()
        share = None if total is None else round(min(self.done / total, 1.0) if total else 1.0, 4)
        return ScanProgress(self._id, share, self.done, total, self._answered, len(self._names))

    def _publish(self, bodies: Sequence[Body]) -> None:
        for body in bodies:
            self.bus.happened(body, source=SOURCE, correlation=self._id)

    def _found(self, result: Result, wanted: Sequence[str], told: list[Body]) -> None:
        target, served = result.target, result.served
        assert served is not None
        seen = f"[{target.address}]:{target.port}" if ":" in target.address else f"{target.address}:{target.port}"
        if DomainDiscovered.type in wanted:
            new = [one for one in result.names if self._known.is_new(one.name)]
            told += [DomainDiscovered(name, source, sure, seen) for name, source, sure in new]
        shown = sha256(served.certificates[0]).hexdigest() if served.certificates else ""
        if shown and self._shown.is_new(shown) and (found := _certificate(served.certificates[0], shown, seen)):
            told.append(found)
        programmes = tuple(dict.fromkeys(hit.programme for hit in result.hits if hit.programme))
        told += [
            VulnerabilityDetected(
                one.kind, one.severity, one.detail, target.host, target.address, target.port, shown, programmes
            )
            for one in result.verdicts
            if one.severity != "info"
        ]


def _why(error: Exception) -> str:
    """What ended a scan, for people: of several things that went wrong together the first."""
    first = first_of(error) if isinstance(error, ExceptionGroup) else error
    return str(first) if isinstance(first, CerthiaError) else f"{type(first).__name__}: {first}"


def _certificate(der: bytes, shown: str, seen: str) -> CertificateFound | None:
    try:
        read = Certificate.from_der(der)
    except Malformed:
        return None
    names = tuple(read.names[:MOST])
    return CertificateFound(shown, names, read.issuer, read.serial, read.not_before, read.not_after, seen)
