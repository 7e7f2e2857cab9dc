"""Events in words."""

from __future__ import annotations

from certhia.events.event import Event
from certhia.events.words import line, told_of, words

ONE = Event(
    "id1",
    "vulnerability.detected",
    0.0,
    "scan",
    {"host": None, "detail": "x" * 300, "kind": "expired", "names": ["a\x1b", "b"], "complete": True, "n": {"a": 1}},
    {"correlation_id": "ab" * 16, "version": 1},
)


def test_what_says_the_most_comes_first_and_nothing_is_endless() -> None:
    assert words(ONE) == f'kind=expired names=a\x1b,b detail={"x" * 200}... complete=true n={{"a":1}}'


def test_a_line_is_inert() -> None:
    assert line(ONE).startswith("1970-01-01 00:00:00 vulnerability.detected kind=expired names=a\\x1b,b detail=xxx")
    assert line(ONE).endswith(" [abababababababab]")


def test_sinks_get_the_envelope_and_a_text() -> None:
    told = told_of(ONE)
    assert list(told) == ["id", "type", "timestamp", "source", "data", "metadata", "text"]
    assert told["text"] == words(ONE)
