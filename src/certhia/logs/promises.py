"""Whether logs keep what they promised for a certificate: each SCT's signature, and the entry it stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from certhia._core import Certificate, Sct
from certhia.clock import Clock, iso
from certhia.errors import RemoteError, Unverified
from certhia.logs.client import LogClient
from certhia.logs.patience import patiently
from certhia.logs.sct import Promise, promise
from certhia.model import Head, Log

DEADLINE: Final = 120.0  # seconds for one SCT


class Verdict(StrEnum):
    """What became of a promise."""

    KEPT = "kept"  # the entry is proven to be in a signed head
    WAITS = "waits"  # not there yet, and the log still has time
    BROKEN = "broken"  # not there, and the log's time is over
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


class Prover:
    """Looks into SCTs, one after the other."""

    def __init__(self, logs: Mapping[bytes, Log], client: Callable[[Log], LogClient], clock: Clock) -> None:
        """`logs` by id; `client` makes what reads one."""
        self._logs = logs
        self._client = client
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
                return await self._look(promised)
        except TimeoutError:
            return Outcome(sct, Verdict.UNASKED, f"no answer within {DEADLINE:.0f} s", log)
        except RemoteError as error:
            return Outcome(sct, Verdict.UNASKED, str(error), log)

    async def _look(self, promised: Promise) -> Outcome:
        """Raises RemoteError where the log can't be asked, or contradicts itself."""
        log, sct = promised.log, promised.sct
        client = self._client(log)
        head = await patiently(client.head, self._clock)
        try:
            index = await patiently(lambda: client.find(promised.leaf_hash, promised.index, head), self._clock)
        except Unverified as error:
            return Outcome(sct, Verdict.UNASKED, f"contradicts itself: {error}", log, head=head)
        if index is not None:
            return Outcome(sct, Verdict.KEPT, f"entry {index}, in the head of {head.size} entries", log, index, head)
        # The log has until the MMD is over to show it, and a head may be as old as that.
        if head.timestamp / 1000 < promised.due:
            return Outcome(sct, Verdict.WAITS, f"the log has until {iso(promised.due)}", log, head=head)
        reason = f"promised by {iso(promised.due)}, and not in the head of {head.size} entries of that time or later"
        return Outcome(sct, Verdict.BROKEN, reason, log, promised.index, head)
