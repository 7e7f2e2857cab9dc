"""Whether a certificate was revoked: what was stapled, what a responder says, what a list says.

A staple costs nothing and tells nobody. Responders and lists are at addresses that stand in the certificate, so they
are asked through the guard and only where that is wished for; and who is asked learns that somebody looked. The first
answer that counts is enough.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from cryptography import x509

from certhia._core import Certificate
from certhia.clock import Clock, iso
from certhia.errors import Malformed, RemoteError, Unverified
from certhia.scanner import crl, ocsp, strictly
from certhia.scanner.guard import Guard
from certhia.scanner.kept import Fetched, Kept
from certhia.scanner.ocsp import Status
from certhia.scanner.records import Verdict
from certhia.scanner.trust import shown

MAX_URLS: Final = 2  # of each kind that are tried
KEPT_ANSWERS: Final = 16 << 20  # bytes
KEPT_LISTS: Final = 64 << 20
LONGEST: Final = 86400.0  # seconds that an answer is kept unless told otherwise
FAILED: Final = 600.0  # seconds before one that did not answer is asked again
TIMEOUT: Final = 10.0  # of one question
LIST_TIMEOUT: Final = 30.0  # of a list, which may be large

_QUESTION: Final = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
_SOURCES: Final = {"staple": "a stapled answer", "ocsp": "OCSP", "crl": "a revocation list"}


class Revocation:
    """Finds out. Without a guard it goes by staples alone.

    Args:
        longest: seconds that an answer is kept at most, whatever it says of itself.
    """

    def __init__(self, clock: Clock, guard: Guard | None = None, *, longest: float = LONGEST) -> None:
        self._clock = clock
        self._guard = guard
        self._longest = longest
        self._answers: Kept[Status] = Kept(KEPT_ANSWERS, clock)
        self._lists: Kept[crl.List | str] = Kept(KEPT_LISTS, clock)

    async def status(self, certificate: Certificate, issuer: Certificate, staple: bytes | None = None) -> Status:
        """What is known of a certificate. Never raises for what a server does: then it is "unavailable", with why."""
        try:
            pair = strictly.certificate(certificate.der), strictly.certificate(issuer.der)
        except Malformed as error:
            return Status("unavailable", detail=error.reason)
        whys = []
        if staple is not None:
            try:
                return ocsp.read(staple, *pair, self._clock.now(), "staple")
            except Unverified as error:
                whys.append(f"the staple: {error}")
        if self._guard is None:
            whys = whys or ["nothing was stapled, and nobody was asked"]
            return Status("unavailable", detail="; ".join(whys))
        responders = [url for method, url in certificate.authority_info if method == "ocsp"]
        for url in responders[:MAX_URLS]:
            status = await self._responder(url, certificate, pair)
            if status.state != "unavailable":
                return status
            whys.append(status.detail)
        for url in certificate.crl_urls[:MAX_URLS]:
            try:
                found = await self._list(url, pair[1], f"{url} {issuer.sha256.hex()}")
                return crl.look_up(found, pair[0], url, is_ca=certificate.is_ca)
            except Unverified as error:
                whys.append(f"the list: {error}")
        return Status("unavailable", detail="; ".join(whys) or "the certificate names no responder and no list")

    async def of_issuer(self, certificate: Certificate, issuer: Certificate) -> Verdict | None:
        """What is to be held against an authority of a path; None where it was not revoked, or that can't be known."""
        status = await self.status(certificate, issuer)
        found = verdict(status)
        if found is None or status.state != "revoked":
            return None
        return found._replace(detail=f"the issuer {shown(certificate.subject)}, {found.detail}")

    async def close(self) -> None:
        """Ends what is under way."""
        await self._answers.close()
        await self._lists.close()

    async def _responder(self, url: str, certificate: Certificate, pair: _Pair) -> Status:
        async def ask() -> Fetched[Status]:
            try:
                status = await self._ask(url, pair)
            except RemoteError as error:
                return Fetched(Status("unavailable", "ocsp", f"the responder: {error}"), 500, FAILED)
            return Fetched(status, 500, min(max(status.until - self._clock.now(), FAILED), self._longest))

        return await self._answers.get(f"{url} {certificate.sha256.hex()}", ask)

    async def _ask(self, url: str, pair: _Pair) -> Status:
        """A GET, which caches answer, and where that fails a POST. Raises RemoteError."""
        assert self._guard is not None
        question = ocsp.request(*pair)
        short = ocsp.get_url(url, question)
        if short is not None:
            answer = await self._guard.get(short, headers=_QUESTION, cap=ocsp.MAX_ANSWER, timeout=TIMEOUT)
            with suppress(Unverified):  # not every responder takes a GET for what it is
                if answer.status == 200:
                    return ocsp.read(answer.body, *pair, self._clock.now(), "ocsp")
        answer = await self._guard.post(url, question, headers=_QUESTION, cap=ocsp.MAX_ANSWER, timeout=TIMEOUT)
        if answer.status != 200:
            raise Unverified(f"status {answer.status}")
        return ocsp.read(answer.body, *pair, self._clock.now(), "ocsp")

    async def _list(self, url: str, issuer: x509.Certificate, key: str) -> crl.List:
        """The list at `url`, if it is the issuer's. Raises Unverified."""

        async def fetch() -> Fetched[crl.List | str]:
            try:
                answer = await self._guard_get(url)
                found = await asyncio.to_thread(self._checked, answer, issuer)
            except RemoteError as error:
                return Fetched(str(error), 500, FAILED)
            left = crl.until(found) - self._clock.now()
            return Fetched(found, len(answer), min(max(left, FAILED), self._longest))

        found = await self._lists.get(key, fetch)
        if isinstance(found, str):
            raise Unverified(found)
        return found

    async def _guard_get(self, url: str) -> bytes:
        assert self._guard is not None
        answer = await self._guard.get(url, cap=crl.MAX_CRL, timeout=LIST_TIMEOUT, redirects=1)
        if answer.status != 200:
            raise Unverified(f"status {answer.status}")
        return answer.body

    def _checked(self, data: bytes, issuer: x509.Certificate) -> crl.List:
        found = crl.load(data)
        crl.check(found, issuer, self._clock.now())
        return found


_Pair = tuple[x509.Certificate, x509.Certificate]


def verdict(status: Status) -> Verdict | None:
    """What is to be said of it; None where it is good."""
    by = _SOURCES.get(status.source, "")
    if status.state == "revoked":
        why = f", {status.reason}" if status.reason else ""
        return Verdict("revoked", "critical", f"by {by}: since {iso(status.at)[:19]}Z{why}")
    if status.state == "unknown":
        return Verdict("revocation-unknown", "medium", f"by {by}: its issuer's responder does not know it")
    if status.state == "unavailable":
        return Verdict("revocation-unavailable", "info", status.detail)
    return None
