"""Names for the numbers of a handshake, as IANA and people have them."""

from __future__ import annotations

from functools import lru_cache

from certhia._core import cipher_name, group_name, version_name


@lru_cache(maxsize=64)
def version(number: int) -> str:
    """`TLS 1.2`."""
    return version_name(number)


@lru_cache(maxsize=1024)
def cipher(number: int) -> str:
    """`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`."""
    return cipher_name(number)


@lru_cache(maxsize=1024)
def group(number: int | None) -> str | None:
    """`x25519`; None for none."""
    return None if number is None else group_name(number)
