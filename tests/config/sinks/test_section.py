"""What all sinks share."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from certhia.config.sinks import SINKS, FileSink, SinkSettings


def test_defaults() -> None:
    made = FileSink(path="x.jsonl")
    assert (made.enabled, made.events, made.digest, made.rate) == (True, ("match",), None, None)
    assert (made.max_queue_rows, made.max_queue_bytes, made.dead_after) == (2_000_000, 2 * 10**9, 270_000)


@pytest.mark.parametrize(
    "wrong", [{"events": ()}, {"retry": ()}, {"batch": 0}, {"rate": 0}, {"severities": ("loud",)}, {"unknown": 1}]
)
def test_what_makes_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileSink(path="x.jsonl", **wrong)


def test_types_are_told_apart_and_described() -> None:
    made: Any = TypeAdapter(SinkSettings).validate_python({"type": "webhook", "url": "https://a.example/"})
    assert made.type == "webhook"
    kinds = [model.model_fields["type"].default for model in SINKS]
    assert sorted(kinds) == kinds
    assert [model.__name__ for model in SINKS if not model.__doc__] == []
