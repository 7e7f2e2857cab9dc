"""The two edges of one log's tree: of all that was read, and of what was proven to belong to a signed head."""

from __future__ import annotations

from certhia._core import Edge, Page
from certhia.clock import Clock
from certhia.errors import Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs.client import LogClient
from certhia.logs.reading import Origin, Outlets, Reading
from certhia.logs.status import Status
from certhia.model import Head, Step

WITHOUT_PROOF = 3  # tries to get the tree's edge before a log is followed without
LAG_COUNTS = 0.1  # of a try: a front end that lags is waited for longer


class Verifier:
    """Keeps the edges, proves what was read, records steps. It alone moves `status.verified`."""

    def __init__(
        self, client: LogClient, origin: Origin, outlets: Outlets, status: Status, *, reading: Reading, clock: Clock
    ) -> None:
        self._client = client
        self._out = outlets
        self._status = status
        self._reading = reading
        self._clock = clock
        self._edge: Edge | None = None  # of all that was read; None while the log gives no proof
        self._verified: Edge | None = None
        self._proven_size = origin.head.size if origin.head is not None else 0  # of the newest head that was proven
        self._quarantined = 0  # since the last step
        self._tries = 0.0  # to get an edge
        self._note = ""  # of the anchor that is still to be had
        self._tried_at = clock.monotonic()  # the last proof on the way
        self._tried_position = 0

    @property
    def has_edge(self) -> bool:
        """Whether what is read can be proven."""
        return self._edge is not None

    @property
    def size(self) -> int:
        """How far the edge of what was read reaches; 0 without one."""
        return self._edge.size if self._edge is not None else 0

    # --- where to begin ---

    def resume(self, position: int, hashes: bytes) -> None:
        """Goes on from the edge of a verified position."""
        self._edge = Edge(position, hashes)
        self._verified = self._edge.copy()
        self._status.verified = position

    async def anchor(self, position: int, head: Head, note: str = "") -> None:
        """Takes the tree's right edge at `position` from the log, proven to its signed head, and records it as a step.

        A log that gives none, several times, is followed unverified; `has_edge` is false then. With `note` the step
        stands for the range that is skipped. Raises Unverified where the log contradicts itself.
        """
        try:
            edge = await self._client.edge(head, position)
            proof = await self._client.prove(edge, head)
        except (Unverified, Throttled):
            raise
        except (RemoteError, Malformed) as error:
            self._tries += LAG_COUNTS if isinstance(error, Lagging) else 1
            if self._tries < WITHOUT_PROOF:
                raise
            self._note = note
            self._go_without(position, error)
            return
        start = self._verified.size if note and self._verified is not None else position
        self._edge, self._status.provable = edge, True
        self._proven_size = head.size
        self._record(start, edge, head, proof, note)

    def _go_without(self, position: int, error: Exception) -> None:
        if self._status.provable:
            self._out.notice(
                self._client.log,
                f"gives no proof of its tree at {position}: followed unverified until it does ({error})",
                "warning",
            )
            self._out.unproven(self._client.log, position)
        self._edge = None
        self._status.provable = False
        self._status.verified = position

    async def seek(self, position: int, head: Head) -> None:
        """A log without proofs so far: once it proves where we began, what was read since is read again, verified."""
        await self.anchor(position, head, self._note)
        if self._edge is not None:
            self._out.notice(self._client.log, "can be verified now: reads again what came unverified", "info")
            self._forget()

    # --- what was read ---

    def append(self, page: Page) -> None:
        """The next page in order. Called off the event loop, once at a time."""
        if self._edge is not None:
            self._edge.append_page(page)

    def quarantine(self, count: int) -> None:
        """So many entries of it could not be decoded."""
        self._quarantined += count

    def covers(self, head: Head | None) -> bool:
        """Whether all that was read is the head's tree, to the entry: told without asking anybody."""
        edge = self._edge
        return head is not None and edge is not None and edge.size == head.size and edge.root() == head.root

    # --- proof ---

    def due(self) -> bool:
        """Whether a backlog should be proven on the way now."""
        since = max(self._status.verified, self._tried_position)
        waited = self._clock.monotonic() - self._tried_at
        behind = self._status.position - since
        return behind >= self._reading.verify_entries or (behind > 0 and waited >= self._reading.verify_seconds)

    async def try_prove(self, head: Head) -> None:
        """As `prove`, for a proof on the way: a log that does not give it now may later. Raises Unverified."""
        self._tried_at, self._tried_position = self._clock.monotonic(), self._status.position
        try:
            await self.prove(head)
        except Unverified:
            raise
        except RemoteError as error:
            self._out.notice(self._client.log, f"no proof on the way: {error}", "debug")

    async def prove(self, head: Head) -> None:
        """Records a step when what was read belongs to `head`; goes back to the verified position when it does not.

        A head is checked even where nothing new was read (a static log's last tile waits to be full): every head that
        we go by is one that our entries are part of. Raises Unverified, RemoteError.
        """
        edge = self._edge
        if edge is None or (edge.size == self._status.verified and head.size <= self._proven_size):
            return
        try:
            proof = await self._client.prove(edge, head)
        except Unverified as error:
            self._rewind(str(error))
            raise
        self._proven_size = head.size
        if edge.size > self._status.verified:
            self._record(self._status.verified, edge, head, proof)

    def _record(self, start: int, edge: Edge, head: Head, proof: tuple[str, tuple[bytes, ...]], note: str = "") -> None:
        kind, nodes = proof
        self._out.step(
            Step(
                log_id=self._client.log.id,
                start=start,
                end=edge.size,
                quarantined=self._quarantined,
                edge=edge.hashes,
                head=head,
                proof=nodes,
                proof_kind=kind,
                note=note,
                at=self._clock.now(),
            )
        )
        self._verified = edge.copy()
        self._quarantined = 0
        self._status.verified = edge.size
        self._status.mismatches = 0
        self._status.keep()
        self._tried_at = self._clock.monotonic()

    def _rewind(self, reason: str) -> None:
        """What was read is not what the log signed: it is fetched again from the last position that was proven."""
        log, status = self._client.log, self._status
        status.mismatches += 1
        if status.mismatches > 2:  # told already
            self._out.notice(log, reason, "debug")
        elif status.mismatches == 2:
            self.alarm(f"differs from its signed head even when read again from {status.verified}: {reason}")
        else:
            self._out.notice(log, f"{reason}: reads again from {status.verified}", "warning")
        self._edge = self._verified.copy() if self._verified is not None else None
        self._forget()

    def _forget(self) -> None:
        """Back to the verified position."""
        self._quarantined = 0
        self._status.position = self._status.verified
        self._status.go_back()
        self._tried_position = 0
        self._out.rewound(self._client.log)

    def alarm(self, text: str) -> None:
        """Something that a human must hear of: told once, and in every summary."""
        if text not in self._status.alarms:
            self._status.alarms.append(text)
            self._out.notice(self._client.log, text, "error")
