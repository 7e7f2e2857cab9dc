"""Issuers that a server left out, fetched from where the certificate says (AIA caIssuers, RFC 5280 section 4.2.2.1).

Whoever made the certificate chose the address, and learns that somebody looked: off unless asked for, and through the
guard. What comes is believed no more than what servers send; whether it issued anything is for signatures to say.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.errors import Malformed, RemoteError
from certhia.scanner.chains import Standing
from certhia.scanner.guard import Guard
from certhia.scanner.kept import Fetched, Kept
from certhia.scanner.strictly import UNREADABLE, quiet
from certhia.scanner.trust import Seen, certificates_in

MAX_ISSUER: Final = 256 << 10  # bytes of an answer
MAX_BUNDLE: Final = 32  # certificates of one answer
MAX_URLS: Final = 2  # of one certificate that are tried
MAX_LEVELS: Final = 4  # issuers of issuers that are fetched for one server
MAX_REDIRECTS: Final = 2
KEPT_BYTES: Final = 16 << 20
KEPT_SECONDS: Final = 6 * 3600.0
FAILED_SECONDS: Final = 600.0
TIMEOUT: Final = 10.0


class Issuers:
    """Fetches issuers, each address once in a while."""

    def __init__(self, guard: Guard, seen: Seen, clock: Clock) -> None:
        """`seen`: what the chains are made from; what is fetched is added there."""
        self._guard = guard
        self._seen = seen
        self._kept: Kept[tuple[Certificate, ...] | str] = Kept(KEPT_BYTES, clock)

    async def fetch(self, standing: Standing) -> str | None:
        """Fetches what the chain breaks off for, or the leaf's issuer where what was sent as that is another. None when
        something was added that may carry on from there; else why there is nothing."""
        last = standing.path[0 if standing.chain.signatures is False else -1]
        if last.is_self_issued:
            return "nothing is above a certificate of its own"
        urls = [url for method, url in last.authority_info if method == "ca_issuers"][:MAX_URLS]
        if not urls:
            return "the certificate does not say where its issuer is to be had"
        why = ""
        for url in urls:
            found = await self._kept.get(url, lambda url=url: self._ask(url))  # type: ignore[misc]
            if isinstance(found, str):
                why = found
                continue
            before = self._seen.generation
            for certificate in found:
                self._seen.add(certificate, fetched=True)
            if self._seen.generation > before:
                return None
            why = "what is to be had there is known already, and leads nowhere"
        return why

    async def close(self) -> None:
        """Ends what is under way."""
        await self._kept.close()

    async def _ask(self, url: str) -> Fetched[tuple[Certificate, ...] | str]:
        try:
            answer = await self._guard.get(url, cap=MAX_ISSUER, timeout=TIMEOUT, redirects=MAX_REDIRECTS)
        except RemoteError as error:
            return Fetched(str(error), len(url) + 200, FAILED_SECONDS)
        found = issuers_in(answer.body) if answer.status == 200 else ()
        if not found:
            what = "no certificate" if answer.status == 200 else f"status {answer.status}"
            return Fetched(f"the issuer's address gives {what}", len(url) + 200, FAILED_SECONDS)
        return Fetched(found, sum(len(one.der) for one in found) + len(url), KEPT_SECONDS)


def issuers_in(body: bytes) -> tuple[Certificate, ...]:
    """The certificates of an answer: DER, PEM, or PKCS #7 "certs-only" in either; () where there is none."""
    if b"-----BEGIN PKCS7-----" in body[:200]:
        ders = _bundle(body, pem=True)
    else:
        ders = [one for one in certificates_in(body)[:MAX_BUNDLE] if one[:1] == b"\x30"]
    certificates = tuple(one for der in ders if (one := _read(der)) is not None)
    if not certificates and body[:1] == b"\x30":
        certificates = tuple(one for der in _bundle(body, pem=False) if (one := _read(der)) is not None)
    return certificates


def _read(der: bytes) -> Certificate | None:
    try:
        return Certificate.from_der(der)
    except Malformed:
        return None


@quiet
def _bundle(body: bytes, *, pem: bool) -> list[bytes]:
    try:
        found = pkcs7.load_pem_pkcs7_certificates(body) if pem else pkcs7.load_der_pkcs7_certificates(body)
    except UNREADABLE:
        return []
    return [one.public_bytes(Encoding.DER) for one in found[:MAX_BUNDLE]]
