"""Signed heads: get-sth JSON (RFC 6962 sections 3.5 and 4.3) and checkpoints (C2SP static-ct-api)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ed25519

from certhia.testing import keys


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head that a log signed, and the bytes that it serves for it."""

    size: int
    root: bytes
    timestamp: int  # milliseconds
    body: bytes


def tree_head(timestamp: int, size: int, root: bytes) -> bytes:
    """TreeHeadSignature, what the signature covers (RFC 6962 section 3.5)."""
    return b"\0\1" + timestamp.to_bytes(8, "big") + size.to_bytes(8, "big") + root


def sth(key: keys.PrivateKey, timestamp: int, size: int, root: bytes) -> bytes:
    """The answer of get-sth."""
    signature = keys.digitally_signed(key, tree_head(timestamp, size, root))
    return json.dumps(
        {
            "tree_size": size,
            "timestamp": timestamp,
            "sha256_root_hash": base64.b64encode(root).decode(),
            "tree_head_signature": base64.b64encode(signature).decode(),
        }
    ).encode()


def checkpoint(
    key: keys.PrivateKey, origin: str, timestamp: int, size: int, root: bytes, *, extra: bool = False
) -> bytes:
    """A checkpoint: a signed note with an RFC 6962 signature.

    With `extra` it has the other signature lines that Sunlight writes around it: grease under a name nobody knows, a
    few bytes and an Ed25519 one under the log's own name with other key ids. A client has to ignore those.
    """
    log_id = hashlib.sha256(keys.spki(key)).digest()
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = timestamp.to_bytes(8, "big") + keys.digitally_signed(key, tree_head(timestamp, size, root))
    lines = [signature_line(origin, b"\x05" + log_id, signature)]
    if extra:
        other = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(origin.encode()).digest())
        kind = b"\x01" + other.public_key().public_bytes_raw()
        lines.insert(0, signature_line("grease.invalid", b"\xba" + log_id, hashlib.sha256(body.encode()).digest()))
        lines.insert(1, signature_line(origin, b"\xff" + log_id, body.encode()[:8]))
        lines.append(signature_line(origin, kind, other.sign(body.encode())))
    return (body + "\n" + "".join(lines)).encode()


def signature_line(name: str, kind_and_key: bytes, signature: bytes) -> str:
    """One signature line of a note; its key id is SHA-256(name || 0x0A || kind || key)[:4]."""
    key_id = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:4]
    return f"\N{EM DASH} {name} {base64.b64encode(key_id + signature).decode()}\n"
