from __future__ import annotations

import json

from tests.sinks.conftest import MAKE

from certhia.sinks.message import identity, message
from certhia.sinks.record import record


def test_ct_scouts_event_and_ours(make: MAKE) -> None:
    told = json.loads(message(make()))
    assert (told.pop("event_type"), told.pop("ct_log")) == ("ct_match", "https://ct.example/2026/")
    assert told == record(make())


def test_what_certificates_say_is_inert(make: MAKE) -> None:
    text = message(make(issuer_organization="\x1b[2J\r\n\u202e", names=("\x00.example.com",)))
    assert text.isascii()
    assert text.decode().isprintable()


def test_a_repeat_is_the_same(make: MAKE) -> None:
    assert identity(make(7)) == identity(make(7, repeat=True)) != identity(make(8))
