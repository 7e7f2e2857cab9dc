"""Whether logs keep what they promised for a certificate: each SCT's signature, and the entry it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from certhia._core import Certificate, Sct
from certhia.clock import Clock, iso
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.logs.absence import look_again
from certhia.logs.client import Fetched, LogClient
from certhia.logs.evidence import MAX_ANSWERS, Evidence, Pledge, SeenHead, Subtree
from certhia.logs.heard import Heard
from certhia.logs.patience import patiently
from certhia.logs.sct import Promise, promise
from certhia.logs.status import longest_silence
from certhia.model import Head, Log, Protocol

DEADLINE: Final = 120.0  # seconds for one SCT


class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"  # the entry is proven to be in a signed head
    WAITS = "waits"  # not there yet, and the log still has time
    SILENT = "silent"  # not there, and long after its time the log still shows no head from then: broken, or dead
    BROKEN = "broken"  # not there, and the log's time is over, or another entry stands in its place
    FALSE = "false"  # the signature does not hold: the log never promised this
    UNKNOWN = "unknown"  # no known log has that id
    UNASKED = "unasked"  # the signature holds, but the log could not be asked


@dataclass(frozen=True, slots=True)
class Outcome:
    """One SCT, looked into."""

    sct: Sct
    verdict: Verdict
    reason: str
    log: Log | None = None
    index: int | None = None  # of the entry, where it was found
    head: Head | None = None  # that was asked about
    evidence: Evidence | None = None  # of a broken promise, as far as the log gave what it takes
    leaf_hash: bytes = b""  # of what was promised, where the signature holds and the log was asked


class Prover:
    """Looks into SCTs, one after the other."""

    def __init__(
        self, logs: Mapping[bytes, Log], client: Callable[[Log], LogClient], heard: Heard, clock: Clock
    ) -> None:
        """`logs` by id; `client` makes what reads one, through `heard`."""
        self._logs = logs
        self._client = client
        self._heard = heard
        self._clock = clock

    async def judge(self, sct: Sct, certificate: Certificate, issuer_spki_sha256: bytes) -> Outcome:
        """Never raises for what a log does: that is in the outcome."""
        log = self._logs.get(sct.log_id)
        if log is None:
            return Outcome(sct, Verdict.UNKNOWN, "no log in the lists has this id")
        try:
            promised = promise(log, sct, certificate, issuer_spki_sha256)
        except RemoteError as error:
            return Outcome(sct, Verdict.FALSE, str(error), log)
        try:
            async with self._clock.deadline(DEADLINE):
                return replace(await self._look(promised), leaf_hash=promised.leaf_hash)
        except TimeoutError:
            return Outcome(sct, Verdict.UNASKED, f"no answer within {DEADLINE:.0f} s", log)
        except RemoteError as error:
            return Outcome(sct, Verdict.UNASKED, str(error), log)

    async def _look(self, promised: Promise) -> Outcome:
        """Raises RemoteError where the log can't be asked, or contradicts itself."""
        log, sct = promised.log, promised.sct
        client, is_static = self._client(log), log.protocol is Protocol.STATIC
        head = await self._newest(client, promised)
        try:
            index = await patiently(lambda: client.find(promised.leaf_hash, promised.index, head), self._clock)
        except Unverified as error:
            return Outcome(sct, Verdict.UNASKED, f"contradicts itself: {error}", log, head=head)
        if index is None and promised.index is not None and promised.index < head.size and is_static:
            reason = f"promised as entry {promised.index}, and the head of {head.size} entries has another one there"
            return await self._broken(client, promised, head, reason)
        # The log has until the MMD is over to show it, and a head may be as old as that.
        if index is None and head.timestamp / 1000 < promised.due:
            return await self._waits(promised, head)
        if index is None and not is_static:
            answer = await look_again(client, promised.leaf_hash, head, self._clock)
            index, head = answer.index, answer.head
            if index is None and not answer.sure:
                reason = f"its front ends give no proofs for the tree of {head.size} entries that it signed: ask again"
                return Outcome(sct, Verdict.UNASKED, reason, log, head=head)
        if index is not None:
            return Outcome(sct, Verdict.KEPT, f"entry {index}, in the head of {head.size} entries", log, index, head)
        reason = f"promised by {iso(promised.due)}, and not in the head of {head.size} entries of that time or later"
        return await self._broken(client, promised, head, reason)

    async def _newest(self, client: LogClient, promised: Promise) -> Head:
        """The log's head; where it is too old for its time, the newest of three. Raises RemoteError."""
        head = await patiently(client.head, self._clock)
        for pause in (1.0, 2.0):
            if head.timestamp / 1000 < promised.due and self._clock.now() >= _overdue(promised):
                await self._clock.sleep(self._clock.jitter(pause))
                again = await patiently(client.head, self._clock)
                head = max(head, again, key=lambda one: (one.timestamp, one.size))
        return head

    async def _waits(self, promised: Promise, head: Head) -> Outcome:
        """The newest head is from before the log's time was over: it has time left, or signs no heads any more."""
        log, sct, at = promised.log, promised.sct, self._clock.now()
        if at < _overdue(promised):
            return Outcome(sct, Verdict.WAITS, f"the log has until {iso(promised.due)}", log, head=head)
        reason = (
            f"promised by {iso(promised.due)}, and by {iso(at)} its newest head is still of "
            f"{iso(head.timestamp / 1000)}: broken, or the log is dead"
        )
        absent = self._heard.no_proof(log, promised.leaf_hash, head.size)
        pledge = Pledge(promised.leaf, promised.signature, log.mmd, absent=absent)
        said = f"did not keep a promise of {iso(sct.timestamp / 1000)}: {reason}"
        evidence = Evidence(log, at, said, (SeenHead(head.raw, at),), pledge=pledge)
        return Outcome(sct, Verdict.SILENT, reason, log, head=head, evidence=evidence)

    async def _broken(self, client: LogClient, promised: Promise, head: Head, reason: str) -> Outcome:
        """With what the log gives to show it."""
        log, sct, at = promised.log, promised.sct, self._clock.now()
        pledge = Pledge(promised.leaf, promised.signature, log.mmd)
        answers: tuple[Fetched, ...] = ()
        if log.protocol is not Protocol.STATIC:
            pledge = replace(pledge, absent=self._heard.no_proof(log, promised.leaf_hash, head.size))
        elif promised.index is not None and promised.index < head.size:
            try:
                pledge = replace(pledge, other=await self._other(client, promised.index, head))
            except (RemoteError, Malformed) as error:
                reason = f"{reason}; its hashes could not be had again: {error}"
            answers = await self._served(client, promised.index, head)
        said = f"broke a promise of {iso(sct.timestamp / 1000)}: {reason}"
        evidence = Evidence(log, at, said, (SeenHead(head.raw, at),), answers=answers, pledge=pledge)
        return Outcome(sct, Verdict.BROKEN, reason, log, promised.index, head, evidence)

    async def _other(self, client: LogClient, index: int, head: Head) -> Subtree:
        """The entry that a static log has at `index`, by its hash tiles alone. Raises RemoteError."""
        path = await patiently(lambda: client.siblings(0, index, b"", head), self._clock)
        if index ^ 1 < head.size:
            leaf = (await patiently(lambda: client.siblings(0, index ^ 1, b"", head), self._clock))[0]
        else:
            leaf = (await patiently(lambda: client.edge(head, index + 1), self._clock)).hashes[-32:]
        return Subtree(0, index, leaf, path, 0)

    async def _served(self, client: LogClient, index: int, head: Head) -> tuple[Fetched, ...]:
        """The entry itself, as served: nothing depends on it, it says what stands there."""
        try:
            answer = await patiently(lambda: client.fetch(index, index + 1, head.size), self._clock)
            size = client.decode([answer]).nbytes
        except (RemoteError, Malformed):
            return ()
        return (answer,) if max(size, len(answer.body)) <= MAX_ANSWERS // 2 else ()


def _overdue(promised: Promise) -> float:
    """Unix seconds by which the log must have signed a head from after its time."""
    return promised.due + longest_silence(promised.log)
