"""All that can be said of what one server showed: by what was seen, and by asking others where that is wished for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from certhia._core import Certificate, cipher_name
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.scanner import checking, revocation, scts
from certhia.scanner.aia import MAX_LEVELS, Issuers
from certhia.scanner.ocsp import Status, staple_scts
from certhia.scanner.records import Chain, Served, Target, Verdict
from certhia.scanner.revocation import Revocation
from certhia.scanner.scts import Checked, Timestamps
from certhia.scanner.verdicts import Judge, Judged, worst_first

MAX_CERTIFICATES: Final = 16  # of one server
ISSUERS_SECONDS: Final = 20.0  # for all issuers of one server that are fetched
REVOCATION_SECONDS: Final = 40.0  # for what is to be known of the leaf, and again for its issuers
LATE: Final = "out of time"


class Examined(NamedTuple):
    """What is said of one server.

    Attributes:
        verdicts: the worst first.
        chain: how its certificate leads to a root; None where it showed none that can be read.
        timestamps: what came of its SCTs; () where they were not checked.
        revocation: what is known of the leaf's; None where nobody looked.
    """

    verdicts: tuple[Verdict, ...]
    chain: Chain | None
    timestamps: tuple[Checked, ...] = ()
    revocation: Status | None = None


class Examiner:
    """Examines. Not safe to share between threads: `examine` is called on one event loop, `look` on the same thread."""

    def __init__(
        self,
        judge: Judge,
        clock: Clock,
        *,
        timestamps: Timestamps | None = None,
        issuers: Issuers | None = None,
        revoked: Revocation | None = None,
        profile: bool = False,
    ) -> None:
        """`timestamps` checks SCTs, `issuers` fetches by AIA, `revoked` finds out about revocation, `profile` has
        `examine` ask for a second word by the browsers' profile, which costs as much as all the rest. All of them are
        left out unless given."""
        self._judge = judge
        self._clock = clock
        self._timestamps = timestamps
        self._issuers = issuers
        self._revoked = revoked
        self._profile = profile

    async def close(self) -> None:
        """Asks nobody any more."""
        for one in (self._issuers, self._revoked):
            if one is not None:
                await one.close()

    @property
    def asks(self) -> bool:
        """Whether `examine` may ask others, so that `look` is not all."""
        return self._issuers is not None or self._revoked is not None

    def look(self, target: Target, served: Served) -> Examined:
        """By what was seen alone; nobody is asked."""
        sent = read(served.certificates)
        if not sent:
            return _nothing(served)
        judged = self._judged(sent, target, served)
        return self._told(judged, served)

    async def examine(self, target: Target, served: Served, within: float = math.inf) -> Examined:
        """With all that was wished for, and what is stapled. Takes as long as those who are asked take: at most
        `within` seconds for all of it, ISSUERS_SECONDS and twice REVOCATION_SECONDS."""
        sent = read(served.certificates)
        if not sent:
            return _nothing(served)
        until, late = self._clock.monotonic() + within, False
        judged = self._judged(sent, target, served)
        if self._issuers is not None and _breaks_off(judged):
            try:
                async with self._clock.deadline(self._left(until, ISSUERS_SECONDS)):
                    await self._complete(self._issuers, sent, judged, target, served)
            except TimeoutError:  # what came until then is known, and judged
                late = True
            judged = self._judged(sent, target, served)
        path, status = judged.standing.path, None
        if len(path) > 1 and (self._revoked is not None or served.staple is not None):
            status = await self._status(path, served.staple, until)
        elif late and self._revoked is not None:
            status = Status("unavailable", detail=f"{LATE}: the issuer did not come")
        more = await self._issuers_revoked(self._revoked, path, until) if self._revoked is not None else []
        if status is not None and status.state == "unavailable":
            more = [one for one in more if one.kind != "revocation-unavailable"]  # said of the leaf already
        if late:
            notes = (*judged.chain.notes, f"{LATE}: its issuers were not all fetched")
            judged = judged._replace(chain=judged.chain._replace(notes=notes))
        second = checking.verdict(path, self._clock.now()) if self._profile and judged.chain.trusted else None
        return self._told(judged, served, status, [*more, second])

    def _left(self, until: float, most: float) -> float:
        """Seconds that a question may take."""
        return max(0.0, min(until - self._clock.monotonic(), most))

    async def _complete(
        self, issuers: Issuers, sent: Sequence[Certificate], judged: Judged, target: Target, served: Served
    ) -> None:
        """Fetches issuers, one after the other, until the chain is whole or nothing more is to be had."""
        for _ in range(MAX_LEVELS):
            if not _breaks_off(judged) or await issuers.fetch(judged.standing) is not None:
                return
            judged = self._judged(sent, target, served)

    async def _status(self, path: Sequence[Certificate], staple: bytes | None, until: float) -> Status:
        """Of the leaf."""
        seconds = self._left(until, REVOCATION_SECONDS)
        try:
            async with self._clock.deadline(seconds):
                return await (self._revoked or Revocation(self._clock)).status(path[0], path[1], staple)
        except TimeoutError:
            why = f"nobody answered within {seconds:.3g} s" if seconds else "nobody was asked"
            return Status("unavailable", detail=f"{LATE}: {why}")

    async def _issuers_revoked(self, revoked: Revocation, path: Sequence[Certificate], until: float) -> list[Verdict]:
        """Of the authorities of a path, but for the root."""
        found: list[Verdict] = []
        try:
            async with self._clock.deadline(self._left(until, REVOCATION_SECONDS)):
                for pair in pairwise(path[1:]):
                    verdict = await revoked.of_issuer(*pair)
                    found += [verdict] if verdict is not None else []
        except TimeoutError:
            found.append(Verdict("revocation-unavailable", "info", f"{LATE}: of its issuers"))
        return found

    def _judged(self, sent: Sequence[Certificate], target: Target, served: Served) -> Judged:
        name = asked_for(target, served)
        return self._judge.judge(sent, self._clock.now(), name=name, address=target.address)

    def _told(
        self, judged: Judged, served: Served, status: Status | None = None, more: Sequence[Verdict | None] = ()
    ) -> Examined:
        verdicts = list(judged.verdicts)
        checked: tuple[Checked, ...] = ()
        path = judged.standing.path
        if self._timestamps is not None:
            staple = staple_scts(served.staple) if served.staple is not None else b""
            issuer = path[1] if len(path) > 1 else None
            now = self._clock.now()
            checked = self._timestamps.judge(path[0], issuer, handshake=served.scts, staple=staple, now=now)
            verdicts += scts.verdicts(checked)
        found = revocation.verdict(status) if status is not None else None
        verdicts += [one for one in (found, *more) if one is not None]
        return Examined(worst_first(verdicts), judged.chain, checked, status)


def _breaks_off(judged: Judged) -> bool:
    """Whether the chain ends before a root, or has an issuer that did not sign."""
    return judged.standing.kind == "untrusted" and (not judged.chain.root or judged.chain.signatures is False)


def asked_for(target: Target, served: Served) -> str | None:
    """The name that a server was asked for by: what SNI said, else the host."""
    return served.server_name or target.server_name or target.host


def read(certificates: Sequence[bytes]) -> list[Certificate]:
    """Certificates as the core has them, leaf first; what can't be read is left out, and all where the leaf is."""
    out: list[Certificate] = []
    for der in certificates[:MAX_CERTIFICATES]:
        try:
            out.append(Certificate.from_der(der))
        except Malformed:
            if not out:
                return []
    return out


def anonymous(served: Served) -> Verdict:
    """Of a handshake that came to its end without a certificate (RFC 5246 section 7.4.3)."""
    why = "no certificate is shown, so that anybody on the way can be the server"
    return Verdict("anonymous", "high", f"{cipher_name(served.cipher)}: {why}")


def _nothing(served: Served) -> Examined:
    if not served.certificates:
        return Examined((anonymous(served),) if served.complete else (), None)
    return Examined((Verdict("unreadable", "high", "its certificate can't be read"),), None)
