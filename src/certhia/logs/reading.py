"""What a follower is given: how to read, where to begin, and where what it finds goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from certhia.logs.accepted import Accepted
from certhia.logs.client import UNPACKED
from certhia.logs.evidence import Evidence
from certhia.logs.single import ALIKE, Singles
from certhia.logs.start import NOW
from certhia.model import Arrival, Head, Log, Step, Watched
from certhia.quantity import Backlog, Point
from certhia.sought import NOTHING, Sought
from certhia.store.freezes import Freeze
from certhia.store.recorded import Recorded

ALL = Backlog()


@dataclass(frozen=True, slots=True)
class Reading:
    """How logs are read; the same for all but those of which `singles` says something."""

    poll_static: float = 10.0  # seconds between heads
    poll_rfc6962: float = 30.0
    patience: float = 60.0  # seconds a partial tile must have stayed partial before its entries are fetched
    parallel: int = 8  # requests of one log at once
    unpacked: int = UNPACKED  # bytes of a data tile, at most
    verify_entries: int = 65_536  # a backlog is proven on the way at least this often
    verify_seconds: float = 60.0
    until: Point | None = None
    max_backlog: Backlog = ALL  # of a resume; by default all of it is read
    singles: Singles = field(default_factory=Singles)

    def of(self, log: Log) -> Reading:
        """How one log is read."""
        single = self.singles.of(log)
        if single is ALIKE:
            return self
        return replace(
            self,
            poll_static=single.poll or self.poll_static,
            poll_rfc6962=single.poll or self.poll_rfc6962,
            parallel=single.parallel or self.parallel,
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """Where to begin: a verified position of an earlier run, or a point."""

    point: Point = NOW
    verified: int | None = None
    edge: bytes = b""
    head: Head | None = None
    since: float | None = None  # Unix seconds when that position was proven
    freeze: Freeze | None = None  # that the log is frozen; or, accepted at this position, that it may go on
    accepted: Accepted = Accepted()  # noqa: RUF009  (frozen: what the evidence of its freezes names)


async def _keep_nothing(evidence: Evidence, position: int | None) -> Freeze:
    """For those who keep no state: frozen as long as this follower lasts."""
    return Freeze(evidence.log.id, position, evidence.at, evidence.reason)


async def _keep_no_file(_evidence: Evidence) -> str:
    """For those who keep no files."""
    return ""


async def _recall_nothing(_log: Log, _size: int) -> Sequence[Recorded]:
    """For those who keep no ledger."""
    return ()


@dataclass(frozen=True, slots=True)
class Outlets:
    """What a follower hands on. `accept` returns when the arrival is taken care of: that is the back pressure."""

    accept: Callable[[Arrival], Awaitable[None]]
    step: Callable[[Step], None]
    rewound: Callable[[Log], None]  # what was accepted after the last step comes again
    unproven: Callable[[Log, int], None]  # followed from here on without proof, and without steps
    notice: Callable[[Log, str, str], None]  # text, level (debug, info, warning, error)
    rules: Callable[[], Watched]  # those of now; a page is told by the ones that scanned it
    precerts: bool = True
    sought: Callable[[], Sought] = lambda: NOTHING  # what others want of each page
    freeze: Callable[[Evidence, int | None], Awaitable[Freeze]] = _keep_nothing  # at that verified position
    keep: Callable[[Evidence], Awaitable[str]] = _keep_no_file  # gives the path of the file, if any
    recorded: Callable[[Log, int], Awaitable[Sequence[Recorded]]] = _recall_nothing  # the ledger, of a tree's size
