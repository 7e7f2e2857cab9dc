"""What sinks may ask for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks import FileSink
from certhia.config.sinks.happening import TYPES
from certhia.events.event import MISSED
from certhia.events.types import KINDS


def test_every_type_of_event_may_be_asked_for() -> None:
    assert {*TYPES, MISSED} == {*KINDS}


def test_names_and_globs() -> None:
    events = ("match", "alarm", "scan", "scan.*", "*", "vulnerability.detected", "finding.*", "mine.*", "mine.seen")
    assert FileSink(path="x.jsonl", events=events).events == events


@pytest.mark.parametrize(
    "event, said",
    [
        (
            "scan.complete",
            '"scan.complete" is no event, and no glob of events such as scan.*; did you mean scan.completed?',
        ),
        ("foo", '"foo" is no event, and no glob of events such as scan.*'),
        ("sacn.*", '"sacn.*" is no event, and no glob of events such as scan.*'),
        ("logs.failed", '"logs.failed" is no event, and no glob of events such as scan.*'),
        ("mine.x\ny", "is no event, and no glob of events such as scan.*"),
    ],
)
def test_what_is_none(event: str, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        FileSink(path="x.jsonl", events=(event,))
    assert said in str(raised.value)
