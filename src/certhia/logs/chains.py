"""What proves a precertificate: its chain's issuer, had from the log in time or done without.

The tree covers the TBS that a log signed, not the precertificate as submitted nor its chain (RFC 6962 section 3.2).
Both are believed when they lead to that TBS and to the issuer's key hash, for which the issuer must be at hand: RFC
6962 logs give it with the entry, static logs keep it under `issuer/`. And the issuer's key must have signed: the
precertificate, or the Precertificate Signing Certificate whose key did.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from certhia._core import Certificate, Entry, Issuers
from certhia.clock import Clock
from certhia.errors import CerthiaError, Malformed
from certhia.model import Log

WITHIN: Final = 5.0  # seconds that a page's matches wait for issuers, all together
AGAIN: Final = 300.0  # seconds until an issuer that could not be had is asked for again
REMEMBERED: Final = 1000  # such issuers
MOST: Final = 32  # issuers asked for at once; real pages have a handful

Ask = Callable[[Log, bytes], Awaitable[bytes | None]]
"""A chain certificate of a log by its fingerprint; None where the log hasn't got it. Raises RemoteError."""


class Chains:
    """Has issuers at hand, and judges by them."""

    def __init__(self, issuers: Issuers, ask: Ask, clock: Clock) -> None:
        self._issuers = issuers
        self._ask = ask
        self._clock = clock
        self._missed: OrderedDict[tuple[bytes, bytes], float] = OrderedDict()  # log, fingerprint: monotonic seconds

    async def gather(self, log: Log, entries: Sequence[Entry]) -> None:
        """Has the log give those issuers of precertificates that aren't at hand. Returns after WITHIN seconds at the
        latest, whatever the log does, and raises nothing: what is missing then leaves precertificates unproven."""
        # The same signer may come with different issuers behind it.
        begins = dict.fromkeys(tuple(entry.chain[:2]) for entry in entries if entry.is_precert and entry.chain)
        if not begins:
            return
        try:
            async with self._clock.deadline(WITHIN):
                await self._have(log, dict.fromkeys(begin[0] for begin in begins))
                behind = [one for first, *second in begins if self._signs(first) for one in second]
                await self._have(log, dict.fromkeys(behind))
        except TimeoutError:
            pass  # those that are missing are remembered as such; the matches are told as unproven

    async def complete(self, log: Log, fingerprints: Sequence[bytes]) -> None:
        """Has the log give those of these certificates that aren't at hand. Returns after WITHIN seconds at the latest,
        and raises nothing."""
        if all(self._issuers.get(one) is not None for one in fingerprints):
            return
        try:
            async with self._clock.deadline(WITHIN):
                await self._have(log, fingerprints)
        except TimeoutError:
            pass  # remembered as missing

    def at_hand(self, entry: Entry) -> list[bytes]:
        """The certificates (DER) of an entry's chain, up to the first that is not at hand."""
        found = []
        for fingerprint in entry.chain:
            if (der := self._issuers.get(fingerprint)) is None:
                break
            found.append(der)
        return found

    def unproven(self, entry: Entry, *, signatures: bool = True) -> str:
        """Why what was submitted with an entry can't be believed; "" where it is proven. Without `signatures` only the
        bytes and the issuer's key are compared with what the log signed for."""
        if (why := entry.unproven(self._issuers)) or not entry.is_precert or not signatures:
            return why or ""
        return self._forged(entry)

    def _forged(self, entry: Entry) -> str:
        """Why the signatures up to the issuer's key, which the log signed for, don't hold; "" where they do."""
        from certhia.logs.signed import unsigned  # noqa: PLC0415  (40 ms of the start, for what a match needs)

        ders = [self._issuers.get(fingerprint) for fingerprint in entry.chain[:2]]
        first = ders[0]
        if first is None:  # given away since
            return "the chain's issuer is not at hand"
        if not self._signs(entry.chain[0]):
            return unsigned(entry.submitted, first, "the precertificate", "the chain's issuer")
        if len(ders) < 2 or ders[1] is None:
            return "the chain's issuer (certificate 2) is not at hand"
        signer = "the chain's signing certificate"
        return unsigned(first, ders[1], signer, "the chain's issuer (certificate 2)") or unsigned(
            entry.submitted, first, "the precertificate", signer
        )

    def _signs(self, fingerprint: bytes) -> bool:
        """Whether a chain begins with a Precertificate Signing Certificate: then the issuer is the one behind it."""
        der = self._issuers.get(fingerprint)
        try:
            return der is not None and Certificate.from_der(der).is_precert_signing
        except Malformed:
            return False

    async def _have(self, log: Log, wanted: Iterable[bytes]) -> None:
        missing = [one for one in wanted if self._issuers.get(one) is None and self._may_ask(log, one)]
        if missing:
            await asyncio.gather(*(self._fetch(log, one) for one in missing[:MOST]))

    def _may_ask(self, log: Log, fingerprint: bytes) -> bool:
        at = self._missed.get((log.id, fingerprint))
        return at is None or self._clock.monotonic() - at >= AGAIN

    async def _fetch(self, log: Log, fingerprint: bytes) -> None:
        place = (log.id, fingerprint)
        self._missed[place] = self._clock.monotonic()  # stays so where it fails, or takes too long
        self._missed.move_to_end(place)
        while len(self._missed) > REMEMBERED:
            self._missed.popitem(last=False)
        try:
            der = await self._ask(log, fingerprint)
        except CerthiaError:
            return  # stays missing
        if der is not None and self._issuers.get(fingerprint) is None:
            self._issuers.add(der)
        if der is not None:
            self._missed.pop(place, None)
