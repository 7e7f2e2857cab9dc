"""From a certificate as it was submitted to what its authority says of it now."""

from __future__ import annotations

import warnings
from typing import Final

from cryptography.exceptions import InvalidSignature

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError
from certhia.scanner import strictly
from certhia.scanner.aia import MAX_ISSUER, issuers_in
from certhia.scanner.guard import Guard, Refused, check
from certhia.scanner.kept import Fetched, Kept
from certhia.scanner.ocsp import Status
from certhia.scanner.revocation import Revocation
from certhia.scanner.strictly import UNREADABLE

KEPT_BYTES: Final = 8 << 20
KEPT_SECONDS: Final = 6 * 3600.0
FAILED_SECONDS: Final = 600.0
TIMEOUT: Final = 10.0
MAX_URLS: Final = 2


class Asking:
    """Asks, by OCSP first and by revocation lists where nobody answers.

    Args:
        guard: through which all goes.
        longest: seconds for which an answer, or a list, may stand for later questions.
    """

    def __init__(self, clock: Clock, guard: Guard, *, longest: float) -> None:
        self._guard = guard
        self._revocation = Revocation(clock, guard, longest=longest)
        self._issuers: Kept[tuple[Certificate, ...]] = Kept(KEPT_BYTES, clock)

    async def ask(self, der: bytes, issuer_der: bytes | None) -> Status:
        """What is known of a certificate, or of a precertificate's. The issuer is fetched from where the certificate
        says if it is not given. Never raises: what can't be known is "unavailable"."""
        try:
            certificate = Certificate.from_der(der)
            issuer = Certificate.from_der(issuer_der) if issuer_der else await self._issuer(certificate)
        except Malformed as error:
            return Status("unavailable", detail=error.reason)
        if issuer is None:
            return Status("unavailable", detail="its issuer's certificate is not known, and not to be had")
        if issuer.is_precert_signing:
            return Status("unavailable", detail="a Precertificate Signing Certificate stands for its issuer")
        return await self._revocation.status(certificate, issuer)

    async def close(self) -> None:
        """Ends what is under way."""
        await self._revocation.close()
        await self._issuers.close()

    async def _issuer(self, certificate: Certificate) -> Certificate | None:
        """From the address in the certificate, where it has signed that."""
        urls = [url for method, url in certificate.authority_info if method == "ca_issuers"][:MAX_URLS]
        for url in urls:

            async def fetch(url: str = url) -> Fetched[tuple[Certificate, ...]]:
                try:
                    answer = await self._guard.get(url, cap=MAX_ISSUER, timeout=TIMEOUT, redirects=2)
                except RemoteError:
                    return Fetched((), 100, FAILED_SECONDS)
                found = issuers_in(answer.body) if answer.status == 200 else ()
                size = 100 + sum(len(one.der) for one in found)
                return Fetched(found, size, KEPT_SECONDS if found else FAILED_SECONDS)

            for issuer in await self._issuers.get(url, fetch):
                if signed(certificate, issuer):
                    return issuer
        return None


def signed(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether one issued the other: by name and by signature."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old encodings are no news
            strictly.certificate(certificate.der).verify_directly_issued_by(strictly.certificate(issuer.der))
    except (InvalidSignature, Malformed, *UNREADABLE):
        return False
    return True


def host_of(certificate: Certificate) -> str | None:
    """Who is asked first about a certificate; "" for a place that is not asked, None where it names none."""
    urls = [url for method, url in certificate.authority_info if method == "ocsp"] or certificate.crl_urls
    if not urls:
        return None
    try:
        return check(urls[0]).host
    except Refused:
        return ""
