"""What a log is to the rest of Certhia: heads, entries and proofs, whatever protocol they come by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from certhia._core import Edge, Entry, Issuers, Page
from certhia.clock import Clock
from certhia.errors import BadAnswer, Lagging, RemoteError, Throttled, Unverified
from certhia.logs.asked import Asked, Outcome, Reason, reason_of
from certhia.logs.pace import Pace, Paces
from certhia.logs.single import Slot, Turns
from certhia.model import Head, Log
from certhia.model import Protocol as Kind
from certhia.net import SMALL, Response, TooLong, Transport, quote
from certhia.retry_after import retry_after
from certhia.unpack import unpack

PAGE = 32 << 20  # bytes: an answer with entries
UNPACKED = 64 << 20  # bytes: a data tile, unpacked; real ones have 2 MB
TIMEOUT = 60.0  # seconds: slow logs take 14 for 256 entries


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer with entries, not yet decoded: those with index in [start, end)."""

    start: int
    count: int
    body: bytes
    tile: bool = False  # a data tile, not a get-entries answer
    spare: int = 0  # entries that `body` holds beyond `end`; decode drops them
    hashes: bytes = b""  # of the leaves, 32 bytes each, of a tile that nobody could read for long

    @property
    def end(self) -> int:
        """One past the last index."""
        return self.start + self.count


class LogClient(Protocol):
    """One log, whatever its protocol. Coroutines raise RemoteError of some kind when the log gives no good answer."""

    @property
    def log(self) -> Log:
        """The log that is read."""

    async def head(self) -> Head:
        """The newest head; its signature holds. Raises Unverified where it doesn't."""

    def plan(self, start: int, end: int) -> int:
        """Where a request that begins at `start` should end: past `start`, at most `end`. Requests that end there can
        be made in parallel without asking for anything twice. The same question may get another answer once more is
        known about the log. Where answers vary in length the range is long, and its rest is to be asked for again."""

    async def fetch(self, start: int, end: int, size: int) -> Fetched:
        """Entries from `start` on, at most to `end`; at least one. `size` is that of a held signed head: nothing at or
        past it is asked for. A static log gives whole tiles: the answer may begin before `start`.

        Raises Lagging when the front end doesn't have them yet, Throttled, BadAnswer, RemoteError."""

    def decode(self, fetched: Sequence[Fetched]) -> Page:
        """Consecutive answers as one page. Any thread may call it. Raises Malformed, and BadAnswer for a tile with
        another number of entries than it should have."""

    @property
    def alarm(self) -> str:
        """That entries could not be read, and are known by their hashes alone; empty where there are none."""

    async def edge(self, head: Head, size: int | None = None) -> Edge:
        """The right edge of the tree of the first `size` entries (of all of `head` when None), proven to belong to
        `head`. Raises Unverified where the log contradicts itself."""

    async def prove(self, edge: Edge, head: Head) -> tuple[str, tuple[bytes, ...]]:
        """Proof that the tree `edge` belongs to is a prefix of `head`'s: ("", ()) where they are the same,
        ("consistency", proof) or ("nodes", subtree roots of `cover(edge.size, head.size)`).

        Raises Unverified where it is no prefix, other RemoteErrors where the log gives no proof."""

    async def siblings(self, level: int, index: int, leaf: bytes, head: Head) -> tuple[bytes, ...]:
        """The sibling hashes from the block of entries [index << level, (index + 1) << level) up to the root of `head`,
        which covers it. `leaf` is the leaf hash of the block's first entry. As the log gives them: unproven.

        Raises RemoteErrors where it gives none."""

    async def precedes(self, older: Head, newer: Head) -> None:
        """Returns where `older`, the smaller one, is a prefix of `newer`, as far as the log can show.

        Raises Unverified where it is not, other RemoteErrors where the log gives no proof."""

    async def entry(self, index: int, head: Head) -> Entry:
        """One entry that is proven to be in `head`."""

    async def find(self, leaf: bytes, index: int | None, head: Head) -> int | None:
        """The index of the entry with that leaf hash, proven to be in `head`; None where the log has no such entry, or
        another one at `index`. A static log is found by index alone."""

    async def issuer(self, fingerprint: bytes) -> bytes | None:
        """A chain certificate by its SHA-256 fingerprint, DER; None where the log hasn't got it."""


def contradiction(log: Log, older: Head, newer: Head) -> Unverified:
    """The error for two signed heads, of which the smaller one is not proven to be a prefix of the other."""
    return Unverified(
        f"{log.url}: its signed head of size {older.size} (root {older.root.hex()}) is not proven to be a prefix "
        f"of the one of size {newer.size} (root {newer.root.hex()})"
    )


def client(
    log: Log,
    transport: Transport,
    paces: Paces,
    issuers: Issuers,
    clock: Clock,
    *,
    page: int = 1024,
    later: bool = False,
    unpacked: int = UNPACKED,
) -> LogClient:
    """A client for the log's protocol. `page`: how many entries to ask for while the log's page size isn't known;
    `later`: whether its requests let all others to the same host go first; `unpacked`: bytes of a tile, at most."""
    from certhia.logs.hybrid import HybridClient  # noqa: PLC0415  (they import this module)
    from certhia.logs.rfc6962 import Rfc6962Client  # noqa: PLC0415
    from certhia.logs.static import StaticClient  # noqa: PLC0415

    asked = paces.asked.setdefault(log.id, Asked())
    turns, page = paces.turns(log), paces.singles.of(log).page or page
    line = Line(log.monitoring_url, transport, paces, clock, asked, later=later, turns=turns)
    match log.protocol:
        case Kind.RFC6962:
            return Rfc6962Client(log, line, issuers, page=page)
        case Kind.STATIC:
            return StaticClient(log, line, issuers, unpacked)
        case Kind.HYBRID:
            entries = StaticClient(log, line, issuers, unpacked)
            line = Line(log.submission_url, transport, paces, clock, asked, later=later, turns=turns)
            return HybridClient(log, Rfc6962Client(log, line, issuers, page=page), entries)


class Line:
    """Requests below one URL, each in its turn, each answer judged."""

    def __init__(
        self,
        url: str,
        transport: Transport,
        paces: Paces,
        clock: Clock,
        asked: Asked | None = None,
        *,
        later: bool = False,
        turns: Turns | None = None,
    ) -> None:
        """`url` ends in a slash. Requests are counted in `asked`. `later`: they let all others to the same host go
        first. `turns`: those of the log, where it has limits of its own."""
        self.url = url
        self._asked = asked or Asked()
        self._transport = transport
        self._pace: Pace = paces.host(url)
        slot: Slot = self._pace.later if later else self._pace.slot
        self._slot = slot if turns is None else turns.within(slot)
        self.clock = clock

    async def head(self, path: str, read: Callable[[bytes], Head]) -> Head:
        """A signed head, as `read` takes it from the answer; what it refuses is counted as rejected."""
        body = await self.get(path)
        try:
            return read(body)
        except (BadAnswer, Unverified):
            self._asked.reject(Reason.HEAD)
            raise

    async def get(
        self, path: str, *, cap: int = SMALL, gzip: bool = False, missing: str = "", timeout: float = TIMEOUT
    ) -> bytes:
        """The body of a 200.

        With `gzip` it is as it came, and gzip is asked for; else it is unpacked where it came packed. `missing` says
        what a 400 or 404 means here: with it they raise Lagging, without it BadAnswer.
        """
        url, outcome = self.url + path, Outcome.FAILED
        async with self._slot():
            try:
                answer = await self._ask(url, GZIP if gzip else IDENTITY, cap, timeout)
                self._judge(url, answer, missing)
                outcome = Outcome.OK
            except Throttled:
                outcome = Outcome.THROTTLED
                raise
            finally:
                self._asked.note(reason_of(path), outcome)
        if gzip:
            return answer.body
        return await unpack(url, answer.body, cap) if "content-encoding" in answer.headers else answer.body

    async def _ask(self, url: str, headers: Mapping[str, str], cap: int, timeout: float) -> Response:
        """Tells the pace where there was no answer."""
        try:
            return await self._transport.get(url, headers=headers, cap=cap, timeout=timeout)
        except TooLong:
            self._pace.ok()
            raise
        except RemoteError:
            self._pace.failed()
            raise

    def _judge(self, url: str, answer: Response, missing: str) -> None:
        """Tells the pace how it went. Raises where the status is not 200."""
        status = answer.status
        if status == 200:
            self._pace.ok()
            return
        wait = retry_after(answer.headers.get("retry-after"), self.clock.now())
        if status == 429 or (status == 503 and wait is not None):
            self._pace.throttled(wait)
            raise Throttled(f"{url}: {status}, asks for fewer requests{_wait(wait)}: {quote(answer.body)}", wait)
        if status >= 500 or status == 408:
            self._pace.failed()
            raise RemoteError(f"{url}: the server failed with {status}: {quote(answer.body)}")
        self._pace.ok()
        if status in (400, 404) and missing:
            raise Lagging(f"{url}: {status}, {missing}: {quote(answer.body)}")
        if 300 <= status < 400:
            target = quote(answer.headers.get("location", "").encode())
            raise BadAnswer(
                f"{url}: {status}, redirects to {target}: not followed; if the log moved, its list must say so"
            )
        raise BadAnswer(f"{url}: answered {status} instead of 200: {quote(answer.body)}")


GZIP: Mapping[str, str] = {"Accept-Encoding": "gzip, identity"}  # C2SP static-ct-api
IDENTITY: Mapping[str, str] = {"Accept-Encoding": "identity"}


def _wait(seconds: float | None) -> str:
    return "" if seconds is None else f" (and to wait {seconds:g} s)"
