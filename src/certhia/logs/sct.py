"""Signed certificate timestamps: whether their signature holds, and which leaf they promise (RFC 6962 section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from certhia._core import Certificate, Sct, leaf_hash
from certhia.errors import Unverified
from certhia.logs.heads import check_signature
from certhia.model import Log

_PRECERT_ENTRY: Final = b"\x00\x01"
_LEAF_INDEX: Final = 0  # extension type of static-ct-api


@dataclass(frozen=True, slots=True)
class Promise:
    """What a log promised for a certificate: to put this leaf into its tree within its MMD."""

    log: Log
    sct: Sct
    leaf: bytes  # the MerkleTreeLeaf
    signature: bytes  # over it: the SCT's, a digitally-signed struct
    index: int | None  # where, if the log said so (C2SP static-ct-api)

    @property
    def leaf_hash(self) -> bytes:
        """32 bytes."""
        return leaf_hash(self.leaf)

    @property
    def due(self) -> float:
        """Until when, Unix seconds."""
        return self.sct.timestamp / 1000 + self.log.mmd


def promise(log: Log, sct: Sct, certificate: Certificate, issuer_spki_sha256: bytes) -> Promise:
    """What an SCT embedded in `certificate` promises. `issuer_spki_sha256`: of the issuer's key, 32 bytes.

    Raises Unverified where the signature does not hold, which another issuer's key also leads to.
    """
    if sct.version != 0:
        raise Unverified(f"{log.url}: an SCT of version {sct.version + 1}: only v1 is known")
    tbs = certificate.logged_tbs
    entry = b"".join(
        (
            sct.timestamp.to_bytes(8),
            _PRECERT_ENTRY,
            issuer_spki_sha256,
            len(tbs).to_bytes(3),
            tbs,
            len(sct.extensions).to_bytes(2),
            sct.extensions,
        )
    )
    # Version and signature type of what is signed, version and leaf type of the leaf: two zero bytes, both times.
    signature = bytes((sct.hash_algorithm, sct.signature_algorithm)) + len(sct.signature).to_bytes(2) + sct.signature
    check_signature(log, "SCT", b"\0\0" + entry, signature)
    return Promise(log, sct, b"\0\0" + entry, signature, leaf_index(sct.extensions))


def leaf_index(extensions: bytes) -> int | None:
    """The leaf_index extension of an SCT (C2SP static-ct-api); None where there is none."""
    at = 0
    while at + 3 <= len(extensions):
        kind, length = extensions[at], int.from_bytes(extensions[at + 1 : at + 3])
        value = extensions[at + 3 : at + 3 + length]
        if kind == _LEAF_INDEX and length == len(value) == 5:
            return int.from_bytes(value)
        at += 3 + length
    return None
