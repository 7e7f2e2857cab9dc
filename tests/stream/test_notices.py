"""Gaps, heartbeats and errors as messages."""

from __future__ import annotations

import json

from certhia.stream import notices

LOG = bytes(range(32))


def test_a_cursor() -> None:
    assert notices.cursor((LOG, 1_234_567)) == "0001020304050607:1234567"
    assert notices.cursor(None) is None


def test_a_gap() -> None:
    assert json.loads(notices.gap(3, (LOG, 1), None, notices.SLOW)) == {
        "message_type": "gap",
        "data": {"missed": 3, "from": "0001020304050607:1", "to": None, "reason": "slow"},
    }


def test_a_heartbeat() -> None:
    assert notices.heartbeat(1_700_000_000.1234) == b'{"message_type":"heartbeat","timestamp":1700000000.123}'


def test_an_error_is_ascii() -> None:
    text = notices.error('no "ü"\n')
    assert json.loads(text) == {"message_type": "error", "data": {"message": 'no "ü"\n'}}
    assert text.isascii()
