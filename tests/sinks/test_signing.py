"""Standard Webhooks' own example, and ct-scout's header."""

from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.sinks.signing import ctscout, headers, key_of


def test_the_example_of_the_specification() -> None:
    """From the reference libraries' tests (standard-webhooks/libraries): id, time, payload and signature."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "here")
    made = headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (made["webhook-id"], made["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


def test_ct_scouts() -> None:
    """The value is that of `printf body | openssl dgst -sha256 -hmac key`."""
    assert ctscout(b"key", b"body") == {
        "x-ctscout-signature": "515aae133b435d4000956731f68ae5cf5eb85d4f0dc6a546d2bfcd3595ec1ae1"
    }


def test_a_key_has_a_prefix_and_a_length() -> None:
    for wrong in ("", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"):
        with pytest.raises(ConfigError, match="openssl rand -base64 32"):
            key_of(wrong, "here")
