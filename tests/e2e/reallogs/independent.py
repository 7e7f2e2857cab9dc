"""What a log holds, read and checked without any of Certhia's code: signatures, Merkle roots, tiles, issuers."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
import urllib.request
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HEADERS = {"User-Agent": "certhia-test (ops@certhia.test)", "Accept-Encoding": "gzip"}
TILE = 256


@dataclass(frozen=True, slots=True)
class Contents:
    """Size of the tree, and for each certificate (SHA-256 of the submitted DER, hex) the indices that it stands at."""

    size: int
    indices: dict[str, list[int]]


class Cursor:
    """Reads TLS structures from the front."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """So many bytes."""
        assert self.at + count <= len(self.data), "a structure ends too early"
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width: int) -> int:
        """An integer of so many bytes."""
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        """Bytes behind a length of so many bytes."""
        return self.take(self.number(width))

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self.at < len(self.data)


def contents(described: dict[str, Any]) -> Contents:
    """Reads a whole log, as the log list describes it. Fails where anything in it does not hold."""
    key = serialization.load_der_public_key(base64.b64decode(described["key"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return _rfc6962(described, key) if "url" in described else _static(described, key)


def _static(described: dict[str, Any], key: ec.EllipticCurvePublicKey) -> Contents:
    base, log_id = described["monitoring_url"], base64.b64decode(described["log_id"])
    text, signatures = _get(f"{base}checkpoint").decode().split("\n\n")
    origin, size_text, root_text = text.split("\n")[:3]
    size, root = int(size_text), base64.b64decode(root_text)
    assert described["submission_url"] == f"https://{origin}/"
    wanted = _sha(origin.encode() + b"\n\x05" + log_id)[:4]
    good = 0
    for line in signatures.strip().split("\n"):
        _, name, encoded = line.split(" ")
        blob = base64.b64decode(encoded)
        if name == origin and blob[:4] == wanted:
            _verify(key, blob[12:], _tree_head(int.from_bytes(blob[4:12], "big"), size, root))
            good += 1
    assert good == 1, "the checkpoint has no signature of the log's own kind"
    indices: dict[str, list[int]] = {}
    leaves: list[bytes] = []
    issuers: set[bytes] = set()
    for number in range((size + TILE - 1) // TILE):
        width = min(TILE, size - number * TILE)
        name = _tile_name(number) + ("" if width == TILE else f".p/{width}")
        first, cursor = len(leaves), Cursor(_get(f"{base}tile/data/{name}"))
        while cursor.more:
            raw, is_precert, signed, extensions = _timestamped(cursor)
            certificate = cursor.vector(3) if is_precert else signed
            chain = Cursor(cursor.vector(2))
            while chain.more:
                issuers.add(chain.take(32))
            assert _leaf_index(extensions) == len(leaves)
            indices.setdefault(_hex(certificate), []).append(len(leaves))
            leaves.append(_sha(b"\x00\x00\x00" + raw))
        assert len(leaves) - first == width
        assert _get(f"{base}tile/0/{name}") == b"".join(leaves[first:])
    assert _root(leaves) == root
    for issuer in issuers:
        assert _sha(_get(f"{base}issuer/{issuer.hex()}")) == issuer
    return Contents(size, indices)


def _rfc6962(described: dict[str, Any], key: ec.EllipticCurvePublicKey) -> Contents:
    base = f"{described['url']}ct/v1/"
    head = json.loads(_get(f"{base}get-sth"))
    size, root = head["tree_size"], base64.b64decode(head["sha256_root_hash"])
    _verify(key, base64.b64decode(head["tree_head_signature"]), _tree_head(head["timestamp"], size, root))
    indices: dict[str, list[int]] = {}
    leaves: list[bytes] = []
    while len(leaves) < size:
        for entry in json.loads(_get(f"{base}get-entries?start={len(leaves)}&end={size - 1}"))["entries"]:
            leaf, extra = base64.b64decode(entry["leaf_input"]), Cursor(base64.b64decode(entry["extra_data"]))
            cursor = Cursor(leaf[2:])
            _, is_precert, signed, _ = _timestamped(cursor)
            assert not cursor.more
            certificate = extra.vector(3) if is_precert else signed
            indices.setdefault(_hex(certificate), []).append(len(leaves))
            leaves.append(_sha(b"\0" + leaf))
    assert _root(leaves) == root
    return Contents(size, indices)


def _timestamped(cursor: Cursor) -> tuple[bytes, bool, bytes, bytes]:
    """TimestampedEntry: its bytes, whether it is a precertificate's, what was signed, extensions."""
    begin = cursor.at
    cursor.take(8)
    is_precert = cursor.number(2) == 1
    if is_precert:
        cursor.take(32)
    signed, extensions = cursor.vector(3), cursor.vector(2)
    return cursor.data[begin : cursor.at], is_precert, signed, extensions


def _leaf_index(extensions: bytes) -> int | None:
    cursor = Cursor(extensions)
    while cursor.more:
        kind, data = cursor.number(1), cursor.vector(2)
        if kind == 0:
            return int.from_bytes(data, "big")
    return None


def _tile_name(number: int) -> str:
    name = f"{number % 1000:03d}"
    while number >= 1000:
        number //= 1000
        name = f"x{number % 1000:03d}/{name}"
    return name


def _root(hashes_: list[bytes]) -> bytes:
    """Merkle Tree Hash (RFC 6962 section 2.1) over leaf hashes."""
    level = hashes_
    while len(level) > 1:
        pairs = [_sha(b"\x01" + left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0] if level else _sha(b"")


def _verify(key: ec.EllipticCurvePublicKey, blob: bytes, message: bytes) -> None:
    cursor = Cursor(blob)
    assert cursor.take(2) == b"\x04\x03", "not SHA-256 with ECDSA"
    key.verify(cursor.vector(2), message, ec.ECDSA(hashes.SHA256()))
    assert not cursor.more


def _tree_head(timestamp: int, size: int, root: bytes) -> bytes:
    return struct.pack(">BBQQ", 0, 1, timestamp, size) + root


def _get(url: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS), timeout=20) as answer:
        body: bytes = answer.read()
        return gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
