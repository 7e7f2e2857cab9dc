"""JSON Schemas of what Certhia prints."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from tests.cli.conftest import Command


def test_the_schema_of_a_match_is_one(certhia: Command) -> None:
    done = certhia("schema", "match")
    assert done.status == 0
    schema = json.loads(done.out)
    Draft202012Validator.check_schema(schema)
    assert {"index", "verified", "rule", "sightings"} <= set(schema["properties"])


def test_the_schema_of_an_alarm_is_one(certhia: Command) -> None:
    schema = json.loads(certhia("schema", "alarm").out)
    Draft202012Validator.check_schema(schema)
    assert {"type", "event", "kind", "key", "text"} <= set(schema["properties"])


def test_the_schema_of_a_probe_is_one(certhia: Command) -> None:
    schema = json.loads(certhia("schema", "probe").out)
    Draft202012Validator.check_schema(schema)
    assert {"event", "id", "name", "stage", "outcome"} <= set(schema["properties"])


@pytest.mark.parametrize("kind", ["lite", "full", "domains", "gap", "error"])
def test_the_schema_of_a_message_is_one(certhia: Command, kind: str) -> None:
    schema = json.loads(certhia("schema", kind).out)
    Draft202012Validator.check_schema(schema)
    assert {"message_type", "data"} <= {*schema["required"]}


def test_there_is_no_other(certhia: Command) -> None:
    done = certhia("schema", "nonsense")
    assert done.status == 2
    assert "match" in done.err
