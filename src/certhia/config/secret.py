"""Secrets that settings never hold: only what they hash to. `sha256:<64 hex digits>`, or the secret itself."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

SHORTEST: Final = 16  # characters: SHA-256 is fast, so that nobody may guess
LONGEST: Final = 512
_HASH: Final = re.compile(r"sha256:([0-9a-fA-F]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secret:
    """What a secret hashes to: 32 bytes."""

    digest: bytes

    def __str__(self) -> str:
        return f"sha256:{self.digest.hex()}"


def secret(value: object) -> Secret:
    """A secret from its hash or from itself. Raises ValueError, which never shows it."""
    if isinstance(value, Secret):
        return value
    text = str(value).strip()
    if (found := _HASH.fullmatch(text)) is not None:
        return Secret(bytes.fromhex(found[1]))
    if text.lower().startswith("sha256:"):
        raise ValueError("a hash has 64 hexadecimal digits; make one: printf %s TOKEN | sha256sum")
    if not SHORTEST <= len(text) <= LONGEST or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a token has {SHORTEST} to {LONGEST} plain characters without spaces: openssl rand -hex 24")
    return Secret(hashlib.sha256(text.encode()).digest())
