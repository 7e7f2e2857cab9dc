"""From messages with whole certificates to pages, as if a log had served them (RFC 6962 section 4.6)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from certhia._core import Certificate, Issuers, Page

_LEAF = b"\0\0"  # version 1, timestamped entry
_X509, _PRECERT = b"\0\0", b"\0\1"
_NO_KEY = bytes(32)


@dataclass(frozen=True, slots=True)
class Written:
    """One entry of a get-entries answer."""

    leaf_input: bytes
    extra_data: bytes

    @property
    def json(self) -> dict[str, str]:
        """As logs write it."""
        return {
            "leaf_input": base64.b64encode(self.leaf_input).decode(),
            "extra_data": base64.b64encode(self.extra_data).decode(),
        }


def entry(der: bytes, chain: Sequence[bytes], timestamp: int) -> Written:
    """The entry of a certificate, or of a precertificate: the bytes say which it is. `timestamp`: milliseconds.

    A precertificate's leaf has its issuer's key hash where the chain brought the issuer, else zeros. Raises Malformed
    for bytes that are no certificate.
    """
    certificate = Certificate.from_der(der)
    if not certificate.is_precert:
        return Written(_leaf(timestamp, _X509 + _long(der)), _long(b"".join(map(_long, chain))))
    return precert(certificate.logged_tbs, timestamp, der=der, chain=chain)


def precert(tbs: bytes, timestamp: int, *, der: bytes = b"", chain: Sequence[bytes] = ()) -> Written:
    """The entry of a precertificate with this TBS; `der`: as it was submitted."""
    key = _key_hash(chain[0]) if chain else _NO_KEY
    return Written(_leaf(timestamp, _PRECERT + key + _long(tbs)), _long(der) + _long(b"".join(map(_long, chain))))


def page(entries: Sequence[Written], first: int, issuers: Issuers) -> Page:
    """Consecutive entries. Raises Malformed."""
    body = json.dumps({"entries": [one.json for one in entries]}).encode()
    return Page.from_get_entries([body], first, issuers)


def _key_hash(issuer: bytes) -> bytes:
    try:
        spki = Certificate.from_der(issuer).spki
    except ValueError:
        return _NO_KEY
    return hashlib.sha256(spki).digest() if spki else _NO_KEY


def _leaf(timestamp: int, signed: bytes) -> bytes:
    return b"%b%b%b\0\0" % (_LEAF, timestamp.to_bytes(8, "big"), signed)


def _long(data: bytes) -> bytes:
    return len(data).to_bytes(3, "big") + data
