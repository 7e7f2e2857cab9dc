"""The few things of a server's own certificate that short forms tell."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.clock import utc
from certhia.errors import Malformed
from certhia.scanner.report.kept import Kept

ORGANIZATION = "2.5.4.10"
COMMON_NAME = "2.5.4.3"
KEPT: Final = 8 << 20  # bytes, twice over
ROUGHLY: Final = 1000  # bytes that one takes besides its DER


class Leaf(NamedTuple):
    """In words; texts are as the core read them.

    Attributes:
        subject: its common name; else the distinguished name.
        issuer: likewise.
        issuer_organization: may be empty.
        not_before: Unix seconds; 0 where it can't be read.
        not_after: likewise.
        key: such as "rsa 2048", "ec P-256".
        serial: upper-case hex.
        sha256: hex.
    """

    subject: str
    issuer: str
    issuer_organization: str
    not_before: int
    not_after: int
    key: str
    serial: str
    sha256: str


def when(seconds: int) -> datetime | None:
    """A time of a certificate; None for one that no calendar has, or that can't be read."""
    try:
        return utc(seconds) if seconds else None
    except (OverflowError, ValueError, OSError):
        return None


def leaves() -> Kept[bytes, Leaf | None]:
    """What gives the leaf of a certificate's DER, and keeps it; None for bytes that are no certificate."""
    return Kept(_leaf, lambda der, _: len(der) + ROUGHLY, KEPT)


def _leaf(der: bytes) -> Leaf | None:
    try:
        one = Certificate.from_der(der)
    except Malformed:
        return None
    return Leaf(
        one.subject_attribute(COMMON_NAME) or one.subject,
        one.issuer_attribute(COMMON_NAME) or one.issuer,
        one.issuer_attribute(ORGANIZATION) or "",
        one.not_before,
        one.not_after,
        f"{one.key_algorithm} {one.key_curve or one.key_bits or ''}".rstrip(),
        one.serial,
        one.sha256.hex(),
    )
