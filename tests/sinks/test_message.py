from __future__ import annotations

import json

from tests.sinks.conftest import MAKE

from certhia.sinks.message import message, noted
from certhia.sinks.record import record


def test_ct_scouts_event_and_ours(make: MAKE) -> None:
    told = json.loads(message(make()).text)
    assert (told.pop("event_type"), told.pop("ct_log")) == ("ct_match", "https://ct.example/2026/")
    assert told == record(make())


def test_what_certificates_say_is_inert(make: MAKE) -> None:
    text = message(make(issuer_organization="\x1b[2J\r\n\u202e", names=("\x00.example.com",))).text
    assert text.isascii()
    assert text.decode().isprintable()


def test_a_repeat_is_the_same(make: MAKE) -> None:
    assert message(make(7)).id == message(make(7, repeat=True)).id != message(make(8)).id


def test_what_is_no_match() -> None:
    digest = noted({"type": "digest", "id": "digest:a b:7", "count": 3})
    assert (digest.id, digest.event) == ("digest:a_b:7", "ct_digest")
    assert json.loads(digest.text) == {"event_type": "ct_digest", "type": "digest", "id": "digest:a b:7", "count": 3}
    raised = noted({"type": "alarm", "event": "raised", "key": "disk:/", "since": "2026-11-21T04:48:00.000Z"})
    cleared = noted({"type": "alarm", "event": "cleared", "key": "disk:/", "since": "2026-11-21T04:48:00.000Z"})
    assert raised.id != cleared.id
