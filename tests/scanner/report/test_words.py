"""Names for numbers."""

from __future__ import annotations

from certhia.scanner.report import words


def test_names() -> None:
    assert words.version(0x0303) == "TLS 1.2"
    assert words.cipher(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert words.group(29) == "x25519"
    assert words.group(None) is None
