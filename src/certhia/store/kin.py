"""Certificates that continue others: those that share a key, or names and issuer, with one that is known."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from certhia.model import Match

DIGEST: Final = 16  # bytes; what an index holds of a SHA-256
KEPT: Final = 20_000  # digests in memory
LATELY: Final = 100  # sets of names whose digest is not made anew: each is asked for until its match is stored
KEY: Final = "key"
NAMES: Final = "names and issuer"

_NO_KEY: Final = hashlib.sha256(b"").digest()  # of a certificate whose key can't be read


def key_digest(spki_sha256: bytes) -> bytes | None:
    """What stands for a public key; None where there is none."""
    return None if spki_sha256 in (_NO_KEY, b"") else spki_sha256[:DIGEST]


def names_digest(names: Iterable[str], issuer_organization: str, issuer: str) -> bytes | None:
    """What stands for a set of names and who certified them; None where there are no names or no issuer.

    The issuer is its organisation where it has one: authorities change their intermediates from one certificate to the
    next.
    """
    return _names_digest(tuple(names), issuer_organization or issuer)


@lru_cache(maxsize=LATELY)
def _names_digest(names: tuple[str, ...], by: str) -> bytes | None:
    known = sorted({name.lower() for name in names})
    if not known or not by:
        return None
    text = "\0".join((by, *known))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:DIGEST]


def digests(match: Match) -> tuple[bytes | None, bytes | None]:
    """Of its key, and of its names with the issuer; neither of an entry that could not be decoded."""
    if match.fault:
        return None, None
    return key_digest(match.spki_sha256), names_digest(match.names, match.issuer_organization, match.issuer)


class Kin:
    """By digest, whose it is: the TBS hash of the only certificate that is known to have it, or b"" for several.

    Holds what was matched lately, and what the state said of others; bounded.
    """

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._whose: OrderedDict[bytes, bytes] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._whose

    def learn(self, digest: bytes, tbs_sha256: bytes) -> None:
        """A certificate (or, b"", several) with this digest."""
        before = self._whose.pop(digest, tbs_sha256)
        self._whose[digest] = tbs_sha256 if before == tbs_sha256 else b""
        while len(self._whose) > self._size:
            self._whose.popitem(last=False)

    def add(self, match: Match) -> None:
        """A match that is being stored."""
        for digest in digests(match):
            if digest is not None:
                self.learn(digest, match.tbs_sha256)

    def renewal(self, match: Match) -> str:
        """What the match shares with another certificate: "key", "names and issuer" or ""."""
        key, names = digests(match)
        if self._has_other(key, match.tbs_sha256):
            return KEY
        return NAMES if self._has_other(names, match.tbs_sha256) else ""

    def _has_other(self, digest: bytes | None, tbs_sha256: bytes) -> bool:
        whose = None if digest is None else self._whose.get(digest)
        return whose is not None and whose != tbs_sha256
