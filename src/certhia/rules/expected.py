"""One's own certificates: what makes a match informational, and what new certificates are renewals of.

Given as a directory of certificates (DER or PEM, any names, folders in it too), as one such file, or as a file with a
line for each key (`key:SHA256`), certificate (`cert:SHA256`, of the certificate or its TBS) or issuer (`issuer:TEXT`).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from certhia import render
from certhia._core import Certificate, Matcher, Rules
from certhia.errors import ConfigError, Malformed
from certhia.model import Match
from certhia.render import quoted
from certhia.rules.language import Rule, parse_rule
from certhia.rules.lines import opened, read_lines, unreadable
from certhia.store.kin import Kin, key_digest, names_digest

MAX_FILES: Final = 100_000  # of a directory, its folders included
MAX_CERTIFICATES: Final = 1 << 20  # bytes of one file with certificates
MAX_BYTES: Final = 256 << 20  # of all files of a directory
SHOWN: Final = 20  # problems, or files, told at once

_ORGANIZATION: Final = "2.5.4.10"
_PEM: Final = re.compile(rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")
_HASHES: Final = ("key", "certificate")
_KINDS: Final = (*_HASHES, "issuer")


class Expected:
    """What is one's own. Immutable: a changed directory makes a new one.

    Attributes:
        paths: what it was read from, to be watched for changes.
        keys: SHA-256 of expected SPKIs.
        certificates: SHA-256 of expected certificates and of their TBS without poison and SCTs.
        notices: what the user should know, for people.
    """

    def __init__(
        self,
        certificates: Iterable[Certificate] = (),
        rules: Sequence[Rule] = (),
        *,
        paths: Sequence[Path] = (),
        notices: Sequence[str] = (),
    ) -> None:
        """`rules` are of the kinds "key", "certificate" and "issuer". Raises ConfigError for one the core refuses."""
        self.paths = tuple(paths)
        self.notices = tuple(notices)
        hashes = {kind: frozenset(bytes.fromhex(rule.value) for rule in rules if rule.kind == kind) for kind in _HASHES}
        self.keys = hashes["key"]
        own: set[bytes] = set(hashes["certificate"])
        self._kin = Kin(4 * MAX_FILES)
        for certificate in certificates:
            own |= {certificate.sha256, certificate.tbs_sha256}
            for digest in _digests(certificate):
                if digest is not None:
                    self._kin.learn(digest, certificate.tbs_sha256)
        self.certificates = frozenset(own)
        self._issuers = _matcher([rule for rule in rules if rule.kind == "issuer"])

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Expected:
        """Reads directories and files. Raises ConfigError with every problem found."""
        certificates: list[Certificate] = []
        rules: list[Rule] = []
        problems: list[str] = []
        notices: list[str] = []
        for path in paths:
            try:
                if path.is_dir():
                    certificates += _directory(path, notices)
                elif (found := _certificates(path)) is not None:
                    certificates += found
                else:
                    lines = _lines(path)
                    rules += lines
                    if not lines:
                        notices.append(f"{path}: holds nothing: nothing is expected by it")
            except ConfigError as error:
                problems.append(str(error))
        if problems:
            raise ConfigError("\n".join(problems))
        return cls(certificates, rules, paths=paths, notices=notices)

    def __len__(self) -> int:
        return len(self.keys) + len(self.certificates) + (len(self._issuers) if self._issuers else 0)

    def by(self, certificate: Certificate, sha256: bytes) -> str:
        """What makes a leaf's certificate one's own: "certificate", "key", "issuer", or "" where nothing does.

        `sha256`: of the certificate, or of the precertificate as submitted where that is proven.
        """
        if not self.certificates.isdisjoint((sha256, certificate.sha256, certificate.tbs_sha256)):
            return "certificate"
        if certificate.fault:
            return ""  # what can't be read has no key and no issuer
        if self.keys and certificate.spki_sha256 in self.keys:
            return "key"
        return "issuer" if self._issuers is not None and self._issuers.certificate(certificate) else ""

    def renewal(self, match: Match) -> str:
        """What a match shares with another certificate of one's own: "key", "names and issuer" or ""."""
        return self._kin.renewal(match)


def changes(old: Expected, new: Expected) -> tuple[str, ...]:
    """What people are told when their own certificates were read again."""
    told = f"own certificates reloaded: {len(new):,} hashes and issuers, {len(old):,} before"
    return (told, *(text for text in new.notices if text not in old.notices))


def _digests(certificate: Certificate) -> tuple[bytes | None, bytes | None]:
    organization = certificate.issuer_attribute(_ORGANIZATION) or ""
    return (
        key_digest(certificate.spki_sha256),
        names_digest(certificate.names, organization, certificate.issuer),
    )


def _matcher(issuers: Sequence[Rule]) -> Matcher | None:
    if not issuers:
        return None
    rules = Rules()
    for rule in issuers:
        try:
            rules.add("issuer", rule.value)
        except Malformed as error:
            raise ConfigError(f"{quoted(rule.text)} is no issuer: {error}") from error
    return rules.build()


def _directory(path: Path, notices: list[str]) -> Iterator[Certificate]:
    """The certificates of all files below a directory; others, such as private keys, are left out and named."""
    empty: list[str] = []
    count = found = size = 0
    for folder, folders, names in os.walk(path, onerror=_unwalkable, followlinks=False):
        folders.sort()
        for name in sorted(names):
            count += 1
            file = Path(folder, name)
            size += _size(file)
            if count > MAX_FILES or size > MAX_BYTES:
                most = f"{MAX_FILES} files or {MAX_BYTES >> 20} MiB"
                raise ConfigError(f"{path}: holds more than {most}; is it the directory that you meant?")
            inner = _certificates(file) if file.is_file() else None
            if inner is None:
                empty.append(str(file.relative_to(path)))
                continue
            found += len(inner)
            yield from inner
    if empty:
        more = f" and {len(empty) - SHOWN} more" if len(empty) > SHOWN else ""
        notices.append(f"{path}: no certificates in {', '.join(map(render.terminal, empty[:SHOWN]))}{more}")
    if not found:
        notices.append(f"{path}: holds no certificate: nothing is expected by it yet")


def _size(file: Path) -> int:
    """Bytes of it that are read; 0 for what is no file, or none any more."""
    try:
        return min(file.stat().st_size, MAX_CERTIFICATES) if file.is_file() else 0
    except OSError:  # it went just now: reading it says so, if it was one
        return 0


def _unwalkable(error: OSError) -> None:
    raise unreadable(Path(error.filename), error) from error


def _certificates(path: Path) -> list[Certificate] | None:
    """The certificates of a file, DER or PEM; None where it holds none. Raises ConfigError for one that is damaged."""
    try:
        with opened(path) as file:
            raw = file.read(MAX_CERTIFICATES + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(raw) > MAX_CERTIFICATES:
        return None
    if raw[:1] == b"\x30":
        try:
            return [Certificate.from_der(raw)]
        except Malformed:
            return None  # a private key, as like as not
    found = []
    for block in _PEM.finditer(raw):
        try:
            found.append(Certificate.from_der(_unarmoured(block[2])))
        except Malformed as error:
            line = raw.count(b"\n", 0, block.start()) + 1
            raise ConfigError(f"{path}:{line}: is no certificate: {error}; export it again") from error
    return found or None


def _unarmoured(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise Malformed(f"no base64 ({error})") from error


def _lines(path: Path) -> list[Rule]:
    """The lines of a file that holds no certificates."""
    rules: list[Rule] = []
    problems: list[str] = []
    for line, text in read_lines(path):
        try:
            rule = parse_rule(text)
            if rule.kind not in _KINDS or rule.excludes:
                what = f"{quoted(text)} is nothing to expect a certificate by"
                raise ConfigError(f"{what}; write key:SHA256, cert:SHA256 or issuer:TEXT")
            rules.append(rule)
        except ConfigError as error:
            problems.append(f"{path}:{line}: {error}")
            if len(problems) == SHOWN:
                problems.append(f"{path}: there may be more; mend these first")
                break
    if problems:
        raise ConfigError("\n".join(problems))
    return rules


NONE: Final = Expected()  # nothing is
