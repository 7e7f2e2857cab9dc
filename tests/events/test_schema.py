"""The schema of events describes what is published."""

from __future__ import annotations

import json

import jsonschema
import pytest

from certhia.events.event import Event, line
from certhia.events.schema import reference, schema
from certhia.events.types import BODIES, Body, LogFailed, MatchFound, ScanProgress, data_of

EXAMPLES = (
    LogFailed("First", "stale", "silent"),
    ScanProgress("ab", 0.5, 1, 2, 0, 3),
    ScanProgress("ab", None, 1, None, 0, 3),
    MatchFound("ab", "alert", "high", ("a.example",), ("a.example",), (), "https://log.example/", 7, True),
)


def written(body: Body) -> dict[str, object]:
    event = Event(
        "018bcfe5-6800-7000-8000-000000000000",
        body.type,
        1.0,
        "test",
        data_of(body),
        {"correlation_id": "", "version": body.form},
    )
    out: dict[str, object] = json.loads(line(event))
    return out


@pytest.mark.parametrize("body", EXAMPLES)
def test_examples_fit(body: Body) -> None:
    jsonschema.validate(written(body), schema())


def test_what_lacks_a_field_does_not() -> None:
    wrong = written(EXAMPLES[0])
    wrong["data"] = {"log": "First"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_the_schema_is_one_and_has_every_type() -> None:
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    assert set(made["$defs"]) == {one.type for one in BODIES}  # type: ignore[call-overload]
    assert all(f"### `{one.type}`" in reference() for one in BODIES)
    assert "| `total` | integer or null | Targets; null while it is not known |" in reference()
