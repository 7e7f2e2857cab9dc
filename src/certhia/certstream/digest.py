"""From a batch of messages to pages that rules were asked about; in a thread of the core's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from certhia._core import Issuers, Matcher, Page, Scan
from certhia.certstream import entries
from certhia.certstream.entries import Written
from certhia.certstream.messages import FULL, LITE, Lost, Other, Told, read
from certhia.certstream.needs import Needs
from certhia.certstream.origins import Origin, Origins
from certhia.certstream.standin import standin
from certhia.errors import Malformed
from certhia.model import Hit
from certhia.net import quote

MAX_PIECE: Final = 256  # entries of one page


@dataclass(slots=True)
class Piece:
    """Consecutive entries of one log, of one kind of message."""

    origin: Origin
    kind: str
    first: int
    told: list[Told] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    page: Page | None = None
    scan: Scan | None = None

    def takes(self, origin: Origin, kind: str, index: int) -> bool:
        """Whether the next entry may stand in the same page."""
        ours = self.origin is origin and self.kind == kind
        return ours and index == self.first + len(self.told) and len(self.told) < MAX_PIECE


@dataclass(slots=True)
class Digest:
    """What a batch held.

    Attributes:
        pieces: in order.
        lost: what the server says that it did not send.
        errors: what the server said was wrong.
        counts: messages by kind; "malformed" and "unreadable" ones (a certificate that is none) among them.
        quoted: the first malformed one, and what is wrong with it.
        cursor: of the last message that has one.
    """

    pieces: list[Piece] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    quoted: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What messages are held against."""

    matcher: Matcher
    needs: Needs
    precerts: bool


def digest(batch: Sequence[str | bytes], origins: Origins, issuers: Issuers, asked: Asked, now: float) -> Digest:
    """Reads, decodes and matches. Never raises for what servers send."""
    out = Digest()
    for raw in batch:
        try:
            one = read(raw)
        except Malformed as error:
            out.counts["malformed"] += 1
            body = raw if isinstance(raw, bytes) else raw[:200].encode("utf-8", "replace")
            out.quoted = out.quoted or f"{quote(body, 80)}: not {error.reason}"
            continue
        match one:
            case Told():
                _take(one, origins, out, now)
            case Lost():
                out.lost.append(one)
            case Other():
                out.counts[one.kind if one.kind in ("heartbeat", "error") else "other"] += 1
                out.errors += [one.text or "no reason given"] if one.kind == "error" else []
    for piece in out.pieces:
        piece.page = entries.page(piece.written, piece.first, issuers)
        piece.scan = asked.matcher.scan(piece.page, precerts=asked.precerts)
    return out


def hits(piece: Piece, asked: Asked) -> list[tuple[int, list[Hit]]]:
    """What rules found: by position. Certificates that only a fingerprint tells of are looked up by that."""
    assert piece.scan is not None
    found = dict(piece.scan.hits)
    if piece.kind == LITE and asked.needs.fingerprints:
        for position, told in enumerate(piece.told):
            number = asked.needs.fingerprints.get(fingerprint(told).hex())
            if number is not None and not told.is_precert:
                name = told.names[0] if told.names else ""
                hit: Hit = (number, name, "certificate", "certificate", "", 0)
                found[position] = [*found.get(position, ()), hit]
    return sorted(found.items())


def fingerprint(told: Told) -> bytes:
    """The SHA-256 that the message gives, 32 bytes; zeros where it gives none."""
    value = told.leaf.get("sha256")
    try:
        digits = bytes.fromhex(value.replace(":", "")) if isinstance(value, str) else b""
    except ValueError:
        digits = b""
    return digits if len(digits) == 32 else bytes(32)


def _take(told: Told, origins: Origins, out: Digest, now: float) -> None:
    out.cursor = told.cursor or out.cursor
    kind, written = told.kind, None
    if kind == FULL:
        try:
            written = entries.entry(told.der, told.chain, told.timestamp)
        except (Malformed, OverflowError):
            out.counts["unreadable"] += 1
            kind = LITE
    if written is None:
        try:
            written = standin(told, now)
        except (Malformed, OverflowError):
            out.counts["malformed"] += 1
            return
    out.counts[kind] += 1
    origin, index = origins.of(told), origins.index(told)
    piece = out.pieces[-1] if out.pieces else None
    if piece is None or not piece.takes(origin, kind, index):
        piece = Piece(origin, kind, index)
        out.pieces.append(piece)
    piece.told.append(told)
    piece.written.append(written)
