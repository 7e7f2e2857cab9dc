"""Signatures of messages, as Standard Webhooks has them (standardwebhooks.com, "Webhook signatures", symmetric)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from certhia.errors import ConfigError

PREFIX: Final = "whsec_"
SHORTEST: Final = 24  # bytes
LONGEST: Final = 64  # bytes


def key_of(secret: str, where: str) -> bytes:
    """The key that a secret stands for: `whsec_` and 24 to 64 bytes in base64. `where`: whose it is, for people. Raises
    ConfigError, which never shows it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ConfigError(
            f"{where}: is no key: whsec_ and {SHORTEST} to {LONGEST} bytes in base64; make one: "
            "echo whsec_$(openssl rand -base64 32)"
        )
    return key


def headers(keys: Sequence[bytes], message: str, at: int, body: bytes) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` and, where there are keys, `webhook-signature`: one signature for each, so that
    a receiver that knows either takes the message. `at`: Unix seconds."""
    told = {"webhook-id": message, "webhook-timestamp": str(at)}
    signed = b".".join((message.encode(), str(at).encode(), body))
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    if signatures:
        told["webhook-signature"] = " ".join(f"v1,{one}" for one in signatures)
    return told


def ctscout(key: bytes, body: bytes) -> dict[str, str]:
    """ct-scout's header: HMAC-SHA256 of the body, in hex."""
    return {"x-ctscout-signature": hmac.new(key, body, hashlib.sha256).hexdigest()}
