"""Log entries in the two forms that logs serve: get-entries JSON (RFC 6962 sections 3.4 and 4.6) and TileLeaf
(C2SP static-ct-api); and templates that make many different entries of one at almost no cost."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from certhia.testing import der
from certhia.testing.ca import Issued


def u24(value: bytes) -> bytes:
    """A byte string behind a length of three bytes."""
    return len(value).to_bytes(3, "big") + value


def u16(value: bytes) -> bytes:
    """A byte string behind a length of two bytes."""
    return len(value).to_bytes(2, "big") + value


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed to a log: enough to serve it as an entry of either protocol."""

    signed: bytes  # what the tree covers: the certificate, or a precertificate's TBS
    chain: tuple[bytes, ...]  # DER
    issuer_key_hash: bytes = b""  # 32 bytes for a precertificate
    precert: bytes = b""  # the precertificate as submitted
    names: tuple[str, ...] = ()  # for names tiles
    ips: tuple[str, ...] = ()
    common_name: str = ""

    @property
    def is_precert(self) -> bool:
        """True for a precertificate entry."""
        return bool(self.issuer_key_hash)

    @classmethod
    def of(cls, issued: Issued) -> Submission:
        """A certificate or precertificate as `CA` issues it."""
        named = (issued.names, issued.ips, issued.common_name)
        if issued.is_precert:
            return cls(issued.tbs, issued.chain, issued.issuer_key_hash, issued.der, *named)
        return cls(issued.der, issued.chain, b"", b"", *named)

    @classmethod
    def parse(cls, leaf_input: bytes, extra_data: bytes) -> Submission:
        """An entry of a get-entries answer. Raises ValueError when it is none of the two kinds that RFC 6962 knows."""
        if len(leaf_input) < 15 or leaf_input[:2] != b"\0\0":
            raise ValueError("leaf_input is no timestamped entry of version 1")
        kind, rest = int.from_bytes(leaf_input[10:12], "big"), leaf_input[12:]
        if kind == 0:
            return cls(_first(rest), tuple(_all(_first(extra_data))))
        if kind != 1:
            raise ValueError(f"entry type {kind} is neither certificate nor precertificate")
        precert = _first(extra_data)
        chain = tuple(_all(_first(extra_data[3 + len(precert) :])))
        return cls(_first(rest[32:]), chain, rest[:32], precert)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry that is served as it is, whatever it is.

    get-entries gives both; a data tile has `leaf_input` without its first two bytes and an empty chain.
    """

    leaf_input: bytes
    extra_data: bytes = b""


class Template:
    """A submission that can be had again and again with another serial number.

    The last 6 bytes of the serial are overwritten in certificate, TBS and precertificate; the signature is left as it
    is, so it no longer holds. No two entries made so are equal.
    """

    __slots__ = ("_precert_at", "_signed_at", "submission")

    def __init__(self, submission: Submission) -> None:
        signed_at = der.serial_at(submission.signed, tbs=submission.is_precert)
        precert_at = der.serial_at(submission.precert, tbs=False) if submission.is_precert else 0
        if signed_at is None or precert_at is None:
            raise ValueError("the serial number is too short to be replaced")
        self.submission, self._signed_at, self._precert_at = submission, signed_at, precert_at

    def make(self, serial: int) -> Submission:
        """The submission with the low 48 bits of its serial replaced by `serial`."""
        s, number = self.submission, (serial & (1 << 48) - 1).to_bytes(6, "big")
        at = self._signed_at
        signed = s.signed[:at] + number + s.signed[at + 6 :]
        precert = b""
        if s.precert:
            at = self._precert_at
            precert = s.precert[:at] + number + s.precert[at + 6 :]
        return Submission(signed, s.chain, s.issuer_key_hash, precert, s.names, s.ips, s.common_name)


def templates(entries: Sequence[Submission | Issued]) -> list[Template]:
    """Templates of all that can serve as one."""
    made = []
    for entry in entries:
        submission = Submission.of(entry) if isinstance(entry, Issued) else entry
        if der.serial_at(submission.signed, tbs=submission.is_precert) is not None and (
            not submission.precert or der.serial_at(submission.precert, tbs=False) is not None
        ):
            made.append(Template(submission))
    return made


class Entry:
    """One entry of one log. Its bytes are made when asked for: a log of 200,000 entries is some 30 MB."""

    __slots__ = ("_serial", "_source", "index", "leaf_index", "timestamp")

    def __init__(
        self,
        index: int,
        timestamp: int,
        source: Submission | RawEntry | Template,
        *,
        serial: int = 0,
        leaf_index: bool = False,
    ) -> None:
        self.index, self.timestamp, self.leaf_index = index, timestamp, leaf_index
        self._source, self._serial = source, serial

    @property
    def submission(self) -> Submission | RawEntry:
        """What was submitted."""
        return self._source.make(self._serial) if isinstance(self._source, Template) else self._source

    @property
    def extensions(self) -> bytes:
        """CtExtensions: the leaf index of static-ct-api where the log writes one."""
        return b"\0\0\5" + self.index.to_bytes(5, "big") if self.leaf_index else b""

    @property
    def leaf_input(self) -> bytes:
        """MerkleTreeLeaf, what the tree hashes."""
        return self.leaf(self.submission)

    @property
    def extra_data(self) -> bytes:
        """The chain, behind the precertificate where it is one."""
        source = self.submission
        return source.extra_data if isinstance(source, RawEntry) else _extra_data(source)

    @property
    def tile_leaf(self) -> bytes:
        """TileLeaf, or what stands for one where the entry is raw."""
        source = self.submission
        if isinstance(source, RawEntry):
            return source.leaf_input[2:] + u16(b"")
        precert = u24(source.precert) if source.is_precert else b""
        chain = b"".join(hashlib.sha256(each).digest() for each in source.chain)
        return self._timestamped(source) + precert + u16(chain)

    @property
    def json(self) -> bytes:
        """The entry as get-entries gives it."""
        source = self.submission
        leaf, extra = self.leaf(source), source.extra_data if isinstance(source, RawEntry) else _extra_data(source)
        return b'{"leaf_input":"%b","extra_data":"%b"}' % (base64.b64encode(leaf), base64.b64encode(extra))

    def leaf(self, source: Submission | RawEntry) -> bytes:
        """The MerkleTreeLeaf that this entry is for a submission."""
        return source.leaf_input if isinstance(source, RawEntry) else b"\0\0" + self._timestamped(source)

    def _timestamped(self, source: Submission) -> bytes:
        kind = b"\0\1" + source.issuer_key_hash if source.is_precert else b"\0\0"
        return self.timestamp.to_bytes(8, "big") + kind + u24(source.signed) + u16(self.extensions)


def _extra_data(source: Submission) -> bytes:
    chain = u24(b"".join(u24(each) for each in source.chain))
    return u24(source.precert) + chain if source.is_precert else chain


def _first(data: bytes) -> bytes:
    """The byte string at the start of `data`, behind a length of three bytes."""
    size = int.from_bytes(data[:3], "big")
    if len(data) < 3 + size:
        raise ValueError("a length in the entry points past its end")
    return data[3 : 3 + size]


def _all(data: bytes) -> Iterator[bytes]:
    while data:
        item = _first(data)
        yield item
        data = data[3 + len(item) :]
