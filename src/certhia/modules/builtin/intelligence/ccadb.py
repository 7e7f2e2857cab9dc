"""Who owns which authority, by a report of the Common CA Database that the user has fetched.

It is "All Certificate Information (root and intermediate) in CCADB (CSV)" of https://www.ccadb.org/resources, of any
version: columns are found by their names. None of it is shipped: CCADB has terms of its own for its data.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from certhia.errors import ConfigError
from certhia.render import quoted

MAX_ROWS: Final = 200_000  # there are some 10,000
MAX_FIELD: Final = 1 << 20  # characters: lists of CRLs are long
NEEDED: Final = ("CA Owner", "Certificate Name", "SHA-256 Fingerprint")
SUBORDINATE: Final = "Subordinate CA Owner"
AMBIGUOUS: Final = ""
_COMMON_NAME: Final = re.compile(r"(?:^|(?<!\\)[,+])CN=((?:\\.|[^\\,+])*)")
_ESCAPED: Final = re.compile(r"\\([0-9A-Fa-f]{2}|.)")


class Ccadb:
    """Owners by the certificate of an authority, or by its name where that has one owner alone."""

    def __init__(self, by_fingerprint: Mapping[bytes, str], by_name: Mapping[str, str]) -> None:
        self._by_fingerprint = by_fingerprint
        self._by_name = by_name

    def __len__(self) -> int:
        return len(self._by_fingerprint)

    @classmethod
    def from_file(cls, path: Path) -> Ccadb:
        """Raises ConfigError for a file that can't be read, or that is no such report."""
        try:
            with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
                rows = list(_rows(file, path))
        except (OSError, csv.Error) as error:
            raise ConfigError(f"ccadb = {quoted(str(path))} can't be read: {error}") from error
        by_fingerprint: dict[bytes, str] = {}
        by_name: dict[str, str] = {}
        for fingerprint, name, owner in rows:
            by_fingerprint[fingerprint] = owner
            by_name[name] = owner if by_name.get(name, owner) == owner else AMBIGUOUS
        return cls(by_fingerprint, by_name)

    def owner(self, issuer: str, fingerprint: bytes | None = None) -> str:
        """The owner of an issuer, by its certificate's SHA-256 where that is known, else by the common name in its
        distinguished name (RFC 4514); "" where it is not known."""
        if fingerprint is not None and (found := self._by_fingerprint.get(fingerprint)):
            return found
        return self._by_name.get(common_name(issuer), "")


def common_name(issuer: str) -> str:
    """The first common name of a distinguished name (RFC 4514); "" where there is none."""
    found = _COMMON_NAME.search(issuer)
    return _ESCAPED.sub(_unescaped, found[1]) if found else ""


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if len(found[1]) == 2 else found[1]


def _rows(file: TextIO, path: Path) -> Iterator[tuple[bytes, str, str]]:
    """Fingerprint, name and owner of each authority."""
    before = csv.field_size_limit(MAX_FIELD)
    try:
        reader = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(
                f"ccadb = {quoted(str(path))} is no report of CCADB: the column {missing[0]!r} is missing; take "
                "the CSV with all certificate information from https://www.ccadb.org/resources"
            )
        for row in islice(reader, MAX_ROWS):
            owner = (row.get(SUBORDINATE) or "").strip() or (row["CA Owner"] or "").strip()
            try:
                fingerprint = bytes.fromhex((row["SHA-256 Fingerprint"] or "").replace(":", ""))
            except ValueError:
                continue
            if owner and len(fingerprint) == 32:
                yield fingerprint, (row["Certificate Name"] or "").strip(), owner
    finally:
        csv.field_size_limit(before)
