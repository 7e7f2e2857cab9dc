"""Signed tree heads: read, signature checked. Nothing else in Certhia decides whether a head counts.

Errors begin with the log's URL, as those of its client do: who shows them says which log it is.

RFC 6962 sections 3.5 and 4.3 (get-sth); C2SP static-ct-api, tlog-checkpoint and signed-note (checkpoints).
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certhia._core import Note
from certhia.errors import BadAnswer, Malformed, Unverified
from certhia.model import Head

if TYPE_CHECKING:
    from certhia.model import Log

MAX_STH: Final = 1 << 16  # bytes; real ones have 250
MAX_CHECKPOINT: Final = 1 << 20  # bytes; post-quantum witnesses take 5 kB each
MAX_SIZE: Final = (1 << 63) - 1  # entries; what a database column holds. Static logs end at 2**40 - 1
MAX_TIMESTAMP: Final = 253_402_300_799_999  # milliseconds; the last that is a date (year 9999)

_SHA256: Final = 4  # HashAlgorithm of RFC 5246 section 7.4.1.4.1
_RSA: Final = 1  # SignatureAlgorithm
_ECDSA: Final = 3
_MIN_RSA_BITS: Final = 2048  # RFC 6962 section 2.1.4
_STH_SIGNATURE: Final = b"\x05"  # signature type of static-ct-api in a note's key id

PublicKey = EllipticCurvePublicKey | RSAPublicKey


@lru_cache(maxsize=2048)
def public_key(spki: bytes) -> PublicKey:
    """A log's key from its SubjectPublicKeyInfo (DER): ECDSA P-256, or RSA of at least 2048 bits (RFC 6962 2.1.4).

    Raises ValueError for any other.
    """
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"not a public key: {error}") from error
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    raise ValueError("a log's key is ECDSA P-256 or RSA of at least 2048 bits (RFC 6962 section 2.1.4)")


def read_sth(log: Log, body: bytes) -> Head:
    """The answer to get-sth, its signature checked against the log's key.

    Raises BadAnswer for what is no signed tree head and Unverified where the signature does not hold.
    """
    answer = _object(log, body)
    size = _number(log, answer, "tree_size", MAX_SIZE)
    timestamp = _number(log, answer, "timestamp", MAX_TIMESTAMP)
    root = _bytes(log, answer, "sha256_root_hash")
    if len(root) != 32:
        raise BadAnswer(f"{log.url}: get-sth: sha256_root_hash has {len(root)} bytes instead of 32")
    check_signature(log, "get-sth", _signed(timestamp, size, root), _bytes(log, answer, "tree_head_signature"))
    return Head(size=size, root=root, timestamp=timestamp, raw=body)


def read_checkpoint(log: Log, body: bytes) -> Head:
    """A static log's checkpoint, the log's own signature checked.

    That signature is found by key name (the origin) and key id; those of witnesses are ignored. The first one that
    bears the log's name and key id decides, as in signed-note.

    Raises BadAnswer for what is no checkpoint, Unverified for one of another log or one whose signature does not hold.
    """
    if len(body) > MAX_CHECKPOINT:
        raise BadAnswer(f"{log.url}: checkpoint of {len(body)} bytes; at most {MAX_CHECKPOINT} are read")
    try:
        note = Note.parse(body)
    except Malformed as error:
        raise BadAnswer(f"{log.url}: checkpoint: {error}") from error
    if note.origin != log.origin:
        raise Unverified(f"{log.url}: checkpoint is of {note.origin[:100]!a}, not of {log.origin!a}")
    if note.size > MAX_SIZE:
        raise BadAnswer(f"{log.url}: checkpoint: tree size {note.size} is out of range")
    wanted = key_id(log)
    ours = [signature for name, identifier, signature in note.signatures if (name, identifier) == (log.origin, wanted)]
    if not ours:
        raise Unverified(f"{log.url}: checkpoint bears no signature of the log's key ({log.origin}+{wanted.hex()})")
    signature = ours[0]
    timestamp = int.from_bytes(signature[:8])
    if len(signature) < 8 or timestamp > MAX_TIMESTAMP:
        raise BadAnswer(f"{log.url}: checkpoint: its signature has no timestamp that is a date")
    check_signature(log, "checkpoint", _signed(timestamp, note.size, note.root), signature[8:])
    return Head(size=note.size, root=note.root, timestamp=timestamp, raw=body)


def check_head(log: Log, head: Head) -> None:
    """Reads `head.raw` again: raises BadAnswer or Unverified where it is not what the log signed.

    Goes by what `raw` looks like, not by the log's protocol, which may have changed since the head was kept.
    """
    again = read_sth(log, head.raw) if head.raw.lstrip()[:1] == b"{" else read_checkpoint(log, head.raw)
    if again != head:
        raise Unverified(f"{log.url}: the signed head is of size {again.size}, not what is kept beside it")


def key_id(log: Log) -> bytes:
    """The key id, 4 bytes, of the log's own signature on its checkpoints (static-ct-api, "Checkpoints")."""
    return hashlib.sha256(log.origin.encode() + b"\n" + _STH_SIGNATURE + log.id).digest()[:4]


def _object(log: Log, body: bytes) -> dict[str, object]:
    if len(body) > MAX_STH:
        raise BadAnswer(f"{log.url}: get-sth: answer of {len(body)} bytes; at most {MAX_STH} are read")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{log.url}: get-sth: not JSON ({type(error).__name__}): {body[:60]!r}") from error
    if not isinstance(answer, dict):
        raise BadAnswer(f"{log.url}: get-sth: not a JSON object: {body[:60]!r}")
    return answer


def _number(log: Log, answer: dict[str, object], field: str, limit: int) -> int:
    value = answer.get(field)
    if type(value) is not int or not 0 <= value <= limit:  # bool is an int to isinstance
        raise BadAnswer(f"{log.url}: get-sth: {field} is {_shown(value)} instead of a number from 0 to {limit}")
    return value


def _bytes(log: Log, answer: dict[str, object], field: str) -> bytes:
    value = answer.get(field)
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except ValueError as error:
        raise BadAnswer(f"{log.url}: get-sth: {field} is {_shown(value)} instead of base64") from error


def _shown(value: object) -> str:
    """Something a server sent, short and inert in a terminal."""
    if value is None:
        return "missing"
    return ascii(value)[:60] if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _signed(timestamp: int, size: int, root: bytes) -> bytes:
    """TreeHeadSignature (RFC 6962 section 3.5): version v1, signature type tree_hash."""
    return b"\x00\x01" + timestamp.to_bytes(8) + size.to_bytes(8) + root


def check_signature(log: Log, what: str, signed: bytes, signature: bytes) -> None:
    """Checks a digitally-signed struct (RFC 5246 section 4.7): hash, algorithm, 16 bits of length, signature.

    Raises BadAnswer for what is no such struct, Unverified where it does not hold under the log's key.
    """
    if len(signature) < 4 or len(signature) != 4 + int.from_bytes(signature[2:4]):
        raise BadAnswer(f"{log.url}: {what}: signature is cut off or has bytes to spare")
    try:
        key = public_key(log.key)
    except ValueError as error:
        raise Unverified(f"{log.url}: {what}: the log's key can't be used: {error}") from error
    algorithm = _ECDSA if isinstance(key, EllipticCurvePublicKey) else _RSA
    if signature[:2] != bytes((_SHA256, algorithm)):
        raise Unverified(
            f"{log.url}: {what}: signed by algorithm {signature[0]}/{signature[1]}; "
            f"the log's key makes {_SHA256}/{algorithm} (RFC 5246 section 7.4.1.4.1)"
        )
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature[4:], signed, ECDSA(SHA256()))
        else:
            key.verify(signature[4:], signed, PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise Unverified(f"{log.url}: {what}: the signature does not hold under the log's key") from error
