"""What is told of sinks that fail, and of hosts that are down."""

from __future__ import annotations

import json

import pytest

from certhia.sinks.standing import Noted, as_json, lines, noted
from certhia.store.schema import DEAD, HELD, PENDING

WELL = {"failing": "", "since": None, "next_at": None, "gone": False, "waiting": 0, "too_many": 0}
ILL = {**WELL, "failing": "500\x1b[31m", "since": 0.0, "next_at": 60.0, "too_many": 1234}
HOST = {"host": "a.example:443", "state": "open", "failures": 7, "since": 0.0, "reason": "no answer"}
TEXT = json.dumps(
    {
        "sinks": {"well": WELL, "ill": ILL, "gone": {**ILL, "gone": True, "next_at": None, "too_many": 0}},
        "hosts": [HOST, {**HOST, "state": "closed", "since": None}],
    }
)


def test_for_people_only_what_is_wrong() -> None:
    assert lines(noted(TEXT, {"well": {PENDING: 5, DEAD: 3}, "old": {HELD: 1, DEAD: 2}})) == [
        "sink ill: fails since 1970-01-01 00:00:00 UTC, next at 1970-01-01 00:01:00 UTC: 500\\x1b[31m",
        "sink ill: its queue is full; 1,234 matches go into a digest",
        "sink gone: wants no more, until certhia outbox retry gone: 500\\x1b[31m",
        "sink well: 3 dead; certhia outbox list shows them",
        "sink old: 1 held, 2 dead; certhia outbox list shows them",
        "host a.example:443: not asked for now, 7 failures in a row since 1970-01-01 00:00:00 UTC: no answer",
    ]


def test_for_programs_all() -> None:
    told = as_json(noted(TEXT, {"well": {DEAD: 3}}))
    assert told["sinks"] == {
        "well": {"failing": None, "since": None, "next_at": None, "gone": False, "digest": 0, "held": 0, "dead": 3},
        "ill": {
            "failing": "500\x1b[31m",
            "since": "1970-01-01T00:00:00.000Z",
            "next_at": "1970-01-01T00:01:00.000Z",
            "gone": False,
            "digest": 1234,
            "held": 0,
            "dead": 0,
        },
        "gone": {
            "failing": "500\x1b[31m",
            "since": "1970-01-01T00:00:00.000Z",
            "next_at": None,
            "gone": True,
            "digest": 0,
            "held": 0,
            "dead": 0,
        },
    }
    assert told["hosts"] == [{**HOST, "since": "1970-01-01T00:00:00.000Z"}, {**HOST, "state": "closed", "since": None}]


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"sinks": 1}', "[" * 100_000])
def test_what_cannot_be_read_is_nothing(text: str | None) -> None:
    assert noted(text, {}) == Noted()
    assert lines(noted(text, {})) == []
