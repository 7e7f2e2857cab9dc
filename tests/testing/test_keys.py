from __future__ import annotations

from itertools import islice

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certhia.testing import keys


def test_keys_follow_from_their_names() -> None:
    keys.p256.cache_clear()
    before = keys.spki(keys.p256("a"))
    keys.p256.cache_clear()
    assert keys.spki(keys.p256("a")) == before != keys.spki(keys.p256("b"))


def test_ecdsa_signatures_hold_and_repeat() -> None:
    key = keys.p256("a")
    signature = keys.sign(key, b"message")
    key.public_key().verify(signature, b"message", ec.ECDSA(hashes.SHA256()))
    assert keys.sign(key, b"message") == signature
    assert keys.digitally_signed(key, b"message") == b"\4\3" + len(signature).to_bytes(2, "big") + signature


def test_rsa_keys_are_whole_and_repeat() -> None:
    key = keys.rsa2048("a")
    assert key.key_size == 2048
    keys.rsa2048.cache_clear()
    assert keys.spki(keys.rsa2048("a")) == keys.spki(key)
    key.public_key().verify(keys.sign(key, b"message"), b"message", padding.PKCS1v15(), hashes.SHA256())
    assert keys.digitally_signed(key, b"message")[:4] == b"\4\1\1\0"


def test_pem_forms_can_be_read_back() -> None:
    key = keys.p256("a")
    public = serialization.load_pem_public_key(keys.public_pem(key).encode())
    private = serialization.load_pem_private_key(keys.private_pem(key), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert not isinstance(public, rsa.RSAPublicKey)
    assert keys.spki(private) == keys.spki(key)


def test_drawn_numbers_differ_and_repeat() -> None:
    first = list(islice(keys.draw("x", 64), 50))
    assert first == list(islice(keys.draw("x", 64), 50)) != list(islice(keys.draw("y", 64), 50))
    assert len(set(first)) == 50
    assert max(first) < 1 << 64
