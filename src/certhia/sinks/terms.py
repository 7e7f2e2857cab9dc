"""On what terms a sink is told: how many matches at once, how often, and what becomes of those it does not take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from certhia.config.sinks import SinkSection
from certhia.store.bounds import Bounds

GATHERED: Final = 1000  # matches in one message of a sink that gathers them
LONGEST_WAIT: Final = 86_400.0  # seconds that a receiver may ask for
# Pauses of what no settings are about: standard output, files of `-o`.
DOUBLING: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """Those of one sink. Times are seconds.

    Attributes:
        batch: the most deliveries in one `send`.
        pauses: between attempts; the last one is repeated.
        dead_after: how long it may fail before what has waited as long is given up; None: nothing is.
        digest: how long matches are gathered before they are sent together; 0: not at all.
        rate: `send`s a second; None: any.
        spacing: between two `send`s, where matches come one after the other.
        bounds: what may wait.
    """

    batch: int = 500
    pauses: Sequence[float] = DOUBLING
    dead_after: float | None = None
    digest: float = 0.0
    rate: float | None = None
    spacing: float = 0.0
    bounds: Bounds = field(default_factory=Bounds)

    @classmethod
    def of(cls, settings: SinkSection) -> Terms:
        """By a sink's settings."""
        return cls(
            batch=GATHERED if settings.digest else settings.batch,
            pauses=settings.retry,
            dead_after=settings.dead_after or None,
            digest=settings.digest or 0.0,
            rate=settings.rate,
            spacing=settings.spacing if settings.batch > 1 else 0.0,
            bounds=Bounds(settings.max_queue_rows, settings.max_queue_bytes),
        )

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row (from 1)."""
        return self.pauses[min(failures, len(self.pauses)) - 1]
