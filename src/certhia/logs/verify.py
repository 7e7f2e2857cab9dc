"""The two edges of one log's tree: of all that was read, and of what was proven to belong to a signed head."""

from __future__ import annotations

from certhia._core import Edge, Page
from certhia.clock import Clock
from certhia.errors import Lagging, Malformed, RemoteError, Throttled, Unverified
from certhia.logs.client import LogClient
from certhia.logs.contradiction import Sight, Witness
from certhia.logs.evidence import MAX_LEAVES, Evidence, Prefix
from certhia.logs.reading import Origin, Outlets, Reading
from certhia.logs.status import Status
from certhia.model import Head, Step
from certhia.store.freezes import Freeze

Proof = tuple[str, tuple[bytes, ...]]
"""Its kind and its hashes, as `certhia.model.Step` has them."""

WITHOUT_PROOF = 3  # tries to get the tree's edge before a log is followed without
LAG_COUNTS = 0.1  # of a try: a front end that lags is waited for longer
UNPROVEN = 900.0  # seconds of proofs that do not hold, nor any of the log's own, until they are an alarm


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
        self._verified = Edge(origin.verified, origin.edge) if origin.verified is not None else None
        self._proven = Sight(origin.head, origin.since or 0.0) if origin.head is not None else None  # the newest head
        self._differed: Sight | None = None  # a head that what was read did not lead to, until a later one has it in it
        self._leaves: bytearray | None = None  # those read since, while evidence may be needed
        freeze = origin.freeze
        accepted = freeze is not None and freeze.accepted is not None
        self._pardon = freeze if accepted else None  # that was accepted, until a step is proven
        self.accepted = origin.accepted
        self._served: Edge | None = None  # of what is read, as far as entries were accepted that were served wrongly
        self._held: Proof | None = None  # that the verified position belongs to the newest head
        self.witness = Witness(client, clock)
        self._quarantined = 0  # since the last step
        self._tries = 0.0  # to get an edge
        self._unproven_since: float | None = None  # monotonic: when the log began to prove nothing that holds
        self._unproven = ""  # the alarm about it
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

    @property
    def proven_size(self) -> int:
        """Entries of the newest head that what was read was proven to belong to; 0 where there is none."""
        return self._proven.head.size if self._proven is not None else 0

    @property
    def proven(self) -> Sight | None:
        """That head."""
        return self._proven

    def disputes(self, head: Head) -> bool:
        """Whether what was read did not lead to `head`, and it is not clear yet who is wrong."""
        return self._differed is not None and self._differed.head == head

    # --- where to begin ---

    def carry(self, before: Verifier) -> None:
        """Takes over what the follower that ran before for the same log told of proofs that do not hold."""
        self._unproven, self._unproven_since = before._unproven, before._unproven_since

    def resume(self, position: int, hashes: bytes) -> None:
        """Goes on from the edge of a verified position."""
        self._verified = Edge(position, hashes)
        self._edge = self._verified.copy() if not self._status.frozen else None
        self._status.verified = position

    def stand(self, position: int) -> None:
        """Follows a frozen log of which nothing was verified, from there on."""
        self._status.verified = position
        self._out.unproven(self._client.log, position)

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
            if self._pardon is not None and self.accepted.served is not None:
                self._note_served(self._edge, page, self.accepted.served[0])
            self._edge.append_page(page)
        if self._leaves is not None and len(self._leaves) < 32 * MAX_LEAVES:
            self._leaves += page.leaf_hashes

    def _note_served(self, edge: Edge, page: Page, size: int) -> None:
        if edge.size < size <= page.end:
            self._served = edge.copy()
            self._served.append(page.leaf_hashes[: 32 * (size - edge.size)])

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
        edge, proven = self._edge, self.proven_size
        if edge is None or (edge.size == self._status.verified and head.size <= proven):
            return
        try:
            proof = await self._client.prove(edge, head)
        except Unverified as error:
            await self._differs(error, edge, head)
            return
        if self._differed is not None and not await self._explained(self._differed, head):
            return
        self._proves()
        self._proven, self._held = Sight(head, self._clock.now()), proof
        if edge.size > self._status.verified:
            self._record(self._status.verified, edge, head, proof)

    def _record(self, start: int, edge: Edge, head: Head, proof: Proof, note: str = "") -> None:
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
        if edge.size > self._status.verified:
            self._pardon = None
        self._proven, self._held = Sight(head, self._clock.now()), proof
        self._leaves = None
        self._verified = edge.copy()
        self._quarantined = 0
        self._status.verified = edge.size
        self._status.mismatches = 0
        self._status.keep()
        self._tried_at = self._clock.monotonic()

    # --- what does not hold ---

    async def _differs(self, error: Unverified, read: Edge, head: Head) -> None:
        """What was read is not proven to be what the log signed: fetched again from the verified position, then the
        log is frozen, where its own hashes show another tree.

        Raises Unverified where it is fetched again, RemoteError where its answers show nothing.
        """
        status, verified, before = self._status, self._verified, self._proven
        status.mismatches += 1
        if status.mismatches == 1 or verified is None or before is None:
            self._differed = Sight(head, self._clock.now())
            self._out.notice(self._client.log, f"{error}: reads again from {status.verified}", "warning")
            self.read_again()
            raise error
        if (other := await self.witness.other(read, head)) is not True:
            self._shows_nothing(error, head, other)
        if self._pardon is not None and read.size < (self.accepted.served or (0,))[0] <= head.size:
            raise RemoteError(f"{error}: to be compared with what was accepted, once that much is read") from error
        if self._pardon is not None and (view := await self._accepted_view(verified, head)) is not None:
            if await self._go_on(self._pardon, view, verified, head):
                raise error  # what is in flight is of no use
            return
        leaves = bytes(self._leaves or b"")
        reason = f"differs from its signed head even when read again from {status.verified}: {error}"
        sight = Sight(head, self._clock.now())
        held = await self._holds(verified, before)
        await self.freeze(await self.witness.of_entries(reason, error.proof, (held, before), (read, leaves), sight))

    def _shows_nothing(self, error: Unverified, head: Head, other: bool | None) -> None:
        """The proof did not hold, and the log's hashes show no other tree: entries are as it signed them (`other` is
        False), or it shows nothing of its own tree either. Asked again; told where that lasts. Raises RemoteError."""
        log, now = self._client.log, self._clock.monotonic()
        since = self._unproven_since = now if self._unproven_since is None else self._unproven_since
        if other is None and now - since >= UNPROVEN and not self._unproven:
            self._unproven = (
                f"gives no proof that holds, of what was read nor of its own tree, for {UNPROVEN / 60:.0f} min: of its "
                f"head of {head.size} entries {self._status.verified} are verified"
            )
            self.alarm(self._unproven)
        raise RemoteError(f"{log.url}: gave a proof that does not hold: asked again") from error

    def _proves(self) -> None:
        """The log proved what was read: what was told of that is over."""
        if self._unproven in self._status.alarms:
            self._status.alarms.remove(self._unproven)
        self._unproven_since, self._unproven = None, ""

    async def _holds(self, verified: Edge, before: Sight) -> Prefix:
        """The verified position, with what leads from there to the head `before`: as it was proven, in this run or by
        the ledger."""
        held = self._held
        if held is None:
            found = await self._out.recorded(self._client.log, verified.size)
            steps = [one.step for one in found if one.step is not None and one.step.head == before.head]
            held = next(((step.proof_kind, step.proof) for step in steps if step.edge == verified.hashes), None)
        return Prefix(verified.size, verified.hashes, 0, *(held or ()))

    async def _explained(self, before: Sight, head: Head) -> bool:
        """Whether a head that what was read did not lead to may stand beside `head`, to which it leads now: then
        entries were served wrongly, once. Else the log signed two trees, and is frozen."""
        older = before.head
        shown = await self.witness.shown(older, head, 1)
        if older.size > head.size or (shown is None and older.size < head.size):
            return True  # not to be told yet
        self._differed = None
        root = Edge(shown.size, shown.edge).root() if shown is not None else head.root
        if root == older.root or self.accepted.covers(older):
            return True
        reason = (
            f"signed a head of {older.size} entries (root {older.root.hex()}) that is not the beginning of its head of "
            f"{head.size} (root {head.root.hex()})"
        )
        await self.freeze(self.witness.of_heads(reason, before, Sight(head, self._clock.now()), shown))
        return False

    def read_again(self) -> None:
        """Goes back to the verified position; of what comes then, leaf hashes are kept for evidence."""
        self._edge = self._verified.copy() if self._verified is not None else None
        self._forget()
        self._leaves = bytearray()

    async def _accepted_view(self, verified: Edge, head: Head) -> Edge | None:
        """The log's own edge at the verified position, where a human accepted what it shows there: our view, but
        other entries behind it; or another tree, of those that the evidence names. None where it is something new.

        Raises RemoteError.
        """
        try:
            edge = await self._client.edge(head, verified.size)
            if edge.hashes == verified.hashes:
                served = self._served
                return edge if served is not None and (served.size, served.root()) == self.accepted.served else None
            if self.accepted.covers(head) or (edge.size, edge.root()) in self.accepted.trees:
                return edge
            for size, root in reversed(self.accepted.trees):
                if verified.size < size < head.size and (await self._client.edge(head, size)).root() == root:
                    return edge
        except RemoteError:
            self.read_again()
            raise
        return None

    async def _go_on(self, freeze: Freeze, view: Edge, verified: Edge, head: Head) -> bool:
        """A human accepted that the log contradicts itself here: by its present view from the same position, or where
        its view is ours up to there, from behind the entries that were accepted, which stay unverified.

        True where what is in flight is of no use. Raises RemoteError.
        """
        edge, skips, rest = view, view.hashes == verified.hashes, None
        try:
            if skips and self._served is not None:
                edge = await self._client.edge(head, self._served.size)
                rest = self._since(edge.size, verified.size)
            proof = await self._client.prove(edge, head)
        except RemoteError:
            self.read_again()
            raise
        if not skips:
            self._forget()
        self._edge = edge
        self._record(verified.size, edge, head, proof, freeze.note)
        until = f"; {verified.size} to {edge.size - 1} stay unverified" if skips else ""
        self._out.notice(self._client.log, f"goes on at {edge.size}, {freeze.note}{until}", "warning")
        if rest is None and skips:
            self._forget()
        elif rest is not None:
            self._edge.append(rest)
        return rest is None

    def _since(self, size: int, verified: int) -> bytes | None:
        """Leaf hashes of what was read from `size` on; None where not all are kept."""
        leaves = bytes(self._leaves or b"")
        whole = self._edge is not None and len(leaves) == 32 * (self._edge.size - verified)
        return leaves[32 * (size - verified) :] if whole else None

    async def freeze(self, evidence: Evidence) -> None:
        """Nothing of the log is verified any more, until a human accepts. Reading goes on."""
        at = self._verified.size if self._verified is not None else None
        freeze = await self._out.freeze(evidence, at)
        self._edge = self._leaves = None
        self.frozen(freeze)

    def frozen(self, freeze: Freeze) -> None:
        """Tells that the log is frozen: at once, and in every summary; once in a run."""
        log = self._client.log
        where = f"frozen at {freeze.position}" if freeze.position is not None else "frozen before it was verified"
        file = f"; evidence: {freeze.evidence}, for `certhia verify-evidence`" if freeze.evidence else ""
        if self._status.freezes(f"{where}: {freeze.reason}{file}; `certhia logs --accept {log.url}` has it go on"):
            self._out.notice(log, self._status.frozen, "error")

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
