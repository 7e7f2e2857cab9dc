"""Who is trusted, and which issuers were met: what chains are put together from.

Issuers are found by name and told apart by key identifier, as the core reads them. Names are compared without regard to
case, string type and surplus blanks (RFC 5280 section 7.1, as far as it is done anywhere); whether an issuer is the
right one is for its key to say.
"""

from __future__ import annotations

import binascii
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from certhia._core import Certificate
from certhia.errors import ConfigError, Malformed
from certhia.render import quoted, terminal

MAX_ROOTS_FILE: Final = 32 << 20  # bytes of a file of roots
MAX_SEEN: Final = 4096  # issuers kept of those that servers sent
MAX_SEEN_BYTES: Final = 16 << 20
MAX_NAMESAKES: Final = 8  # kept of those that bear one name
NAME_SHOWN: Final = 120  # characters
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


class Issuer:
    """A certificate that others may have been issued by, with what is asked of it again and again.

    Attributes:
        certificate: as the core has it.
        sha256: its fingerprint, 32 bytes.
        subject: its subject, for comparing.
        issuer: its issuer's name, for comparing.
        identity: (subject, hash of its key): equal for all certificates of one authority.
        subject_key: its key identifier.
        authority_key: its issuer's.
        not_before: Unix seconds.
        not_after: Unix seconds.
    """

    __slots__ = (
        "authority_key",
        "certificate",
        "identity",
        "issuer",
        "not_after",
        "not_before",
        "sha256",
        "subject",
        "subject_key",
    )

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        self.sha256 = certificate.sha256
        self.subject = plain(certificate.subject)
        self.issuer = plain(certificate.issuer)
        self.identity = (self.subject, certificate.spki_sha256)
        self.subject_key = certificate.subject_key_id
        self.authority_key = certificate.authority_key_id
        self.not_before = certificate.not_before
        self.not_after = certificate.not_after

    def valid(self, now: float) -> bool:
        """Whether `now` is in its validity."""
        return self.not_before <= now <= self.not_after

    def __repr__(self) -> str:
        return f"Issuer({self.certificate.subject!r})"


def plain(name: str) -> str:
    """A name for comparing."""
    return " ".join(name.lower().split())


def inert(name: str) -> str:
    """A name for people: inert, and not too long."""
    return terminal(name[:NAME_SHOWN]) + ("..." if len(name) > NAME_SHOWN else "")


def shown(name: str) -> str:
    """A name for people: inert, in quotes, and not too long."""
    return quoted(name or "(no name)", NAME_SHOWN)


class Roots:
    """The certificates that are trusted."""

    def __init__(self, certificates: Iterable[bytes], origin: str = "given") -> None:
        """`certificates`: DER; what can't be read is left out. `origin` says where they are from, for people."""
        self.origin = origin
        self._by_subject: dict[str, list[Issuer]] = {}
        self._hashes: set[bytes] = set()
        for der in certificates:
            try:
                root = Issuer(Certificate.from_der(der))
            except Malformed:
                continue
            if root.sha256 not in self._hashes:
                self._hashes.add(root.sha256)
                self._by_subject.setdefault(root.subject, []).append(root)

    @classmethod
    def shipped(cls) -> Roots:
        """Mozilla's, as certifi has them."""
        import certifi  # noqa: PLC0415  (a range without verdicts does without)

        return cls.from_file(Path(certifi.where()), "Mozilla's roots")

    @classmethod
    def from_file(cls, path: Path, origin: str | None = None) -> Roots:
        """PEM certificates one after another, or one in DER. Raises ConfigError for a file with none."""
        try:
            if path.stat().st_size > MAX_ROOTS_FILE:
                raise ConfigError(
                    f"--roots {path}: more than {MAX_ROOTS_FILE >> 20} MiB: give a file of PEM certificates"
                )
            data = path.read_bytes()
        except OSError as error:
            raise ConfigError(f"--roots {path}: can't be read ({error.strerror or error})") from error
        roots = cls(certificates_in(data), origin or str(path))
        if not roots:
            raise ConfigError(f"--roots {path}: no certificate in it; wanted are PEM certificates one after another")
        return roots

    def named(self, subject: str) -> Sequence[Issuer]:
        """Those with the subject (`plain`)."""
        return self._by_subject.get(subject, ())

    def __contains__(self, sha256: bytes) -> bool:
        return sha256 in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)


class Seen:
    """Issuers that servers sent, and those that were fetched, for servers that left theirs out. Bounded: the least
    recently met go first. Not safe to share between threads."""

    def __init__(self, most: int = MAX_SEEN, most_bytes: int = MAX_SEEN_BYTES) -> None:
        self.generation = 0  # goes up with each one that is new
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._by_hash: OrderedDict[bytes, Issuer] = OrderedDict()
        self._by_subject: dict[str, list[Issuer]] = {}
        self._fetched: set[bytes] = set()

    def add(self, certificate: Certificate, *, fetched: bool = False) -> Issuer:
        """The issuer that a certificate is, kept if it is an authority's: others issue nothing."""
        sha256 = certificate.sha256
        if (known := self._by_hash.get(sha256)) is not None:
            self._by_hash.move_to_end(sha256)
            return known
        issuer = Issuer(certificate)
        if certificate.is_ca and issuer.subject:
            self._keep(issuer)
            if fetched:
                self._fetched.add(sha256)
        return issuer

    def named(self, subject: str) -> Sequence[Issuer]:
        """Those with the subject (`plain`)."""
        return self._by_subject.get(subject, ())

    def was_fetched(self, sha256: bytes) -> bool:
        """Whether it is known by AIA, not from a server."""
        return sha256 in self._fetched

    def _keep(self, issuer: Issuer) -> None:
        namesakes = self._by_subject.setdefault(issuer.subject, [])
        namesakes.append(issuer)
        self._by_hash[issuer.sha256] = issuer
        self._bytes += len(issuer.certificate.der)
        self.generation += 1
        if len(namesakes) > MAX_NAMESAKES:
            self._drop(namesakes[0])
        while self._by_hash and (len(self._by_hash) > self._most or self._bytes > self._most_bytes):
            self._drop(next(iter(self._by_hash.values())))

    def _drop(self, issuer: Issuer) -> None:
        del self._by_hash[issuer.sha256]
        self._fetched.discard(issuer.sha256)
        self._bytes -= len(issuer.certificate.der)
        namesakes = self._by_subject[issuer.subject]
        namesakes.remove(issuer)
        if not namesakes:
            del self._by_subject[issuer.subject]

    def __len__(self) -> int:
        return len(self._by_hash)


def certificates_in(data: bytes) -> list[bytes]:
    """DER of the certificates in PEM, or of the one in DER that `data` is; what can't be decoded is left out."""
    if data[:1] == b"\x30":
        return [data]
    found = []
    for piece in data.split(_BEGIN)[1:]:
        text, end, _ = piece.partition(_END)
        try:
            if end:
                found.append(binascii.a2b_base64(text))
        except binascii.Error:
            continue
    return found
