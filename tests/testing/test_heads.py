from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

from certhia.testing import heads, keys

ROOT = hashlib.sha256(b"root").digest()
COVERED = b"\0\1" + (1_700_000_000_123).to_bytes(8, "big") + (77).to_bytes(8, "big") + ROOT


def check(key: keys.PrivateKey, digitally_signed: bytes) -> None:
    """Verifies with `cryptography` what a TreeHeadSignature carries; raises InvalidSignature."""
    algorithm, signature = digitally_signed[:2], digitally_signed[4:]
    assert int.from_bytes(digitally_signed[2:4], "big") == len(signature)
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        assert algorithm == b"\4\3"
        public.verify(signature, COVERED, ec.ECDSA(hashes.SHA256()))
    else:
        assert algorithm == b"\4\1"
        public.verify(signature, COVERED, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("make", [keys.p256, keys.rsa2048])
def test_sth_verifies(make: Callable[[str], keys.PrivateKey]) -> None:
    key = make("a")
    said = json.loads(heads.sth(key, 1_700_000_000_123, 77, ROOT))
    assert (said["tree_size"], said["timestamp"]) == (77, 1_700_000_000_123)
    assert base64.b64decode(said["sha256_root_hash"]) == ROOT
    check(key, base64.b64decode(said["tree_head_signature"]))


@pytest.mark.parametrize("extra", [False, True])
def test_checkpoint_verifies(*, extra: bool) -> None:
    key, origin = keys.p256("a"), "log.example/2026"
    note = heads.checkpoint(key, origin, 1_700_000_000_123, 77, ROOT, extra=extra).decode()
    body, _, signatures = note.partition("\n\n")
    assert body.split("\n") == [origin, "77", base64.b64encode(ROOT).decode()]
    assert len(signatures.splitlines()) == (4 if extra else 1)
    log_id = hashlib.sha256(keys.spki(key)).digest()
    key_id = hashlib.sha256(origin.encode() + b"\n\x05" + log_id).digest()[:4]
    ours = []
    for line in signatures.splitlines():
        dash, name, data = line.split(" ")
        assert dash == "\N{EM DASH}"
        signature = base64.b64decode(data)
        if name == origin and signature[:4] == key_id:
            ours.append(signature[4:])
    assert len(ours) == 1
    assert int.from_bytes(ours[0][:8], "big") == 1_700_000_000_123
    check(key, ours[0][8:])


def test_the_ed25519_line_is_a_real_one() -> None:
    note = heads.checkpoint(keys.p256("a"), "o", 1, 77, ROOT, extra=True).decode()
    other = ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"o").digest()).public_key()
    signature = base64.b64decode(note.splitlines()[-1].split(" ")[2])
    assert signature[:4] == hashlib.sha256(b"o\n\x01" + other.public_bytes_raw()).digest()[:4]
    other.verify(signature[4:], note[: note.index("\n\n") + 1].encode())
