import json
from collections.abc import Callable

import jsonschema
import pytest

from certhia.model import Delivery, MatchKind, RuleHit, Sighting
from certhia.sinks.record import record
from certhia.sinks.schema import FIELDS, reference, schema

Make = Callable[..., Delivery]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    json.dumps(schema())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hits": (), "names": ()},
        {"hits": (RuleHit(".", "", "san", "everything"),), "serial": "", "issuer": ""},
        {"sighting": Sighting(b"", 0, False, 2**64 - 1), "not_before": -62135596800},
        {"kind": MatchKind.EXPECTED, "expected": "issuer", "renewal": "key", "fault": "why", "unproven": "why not"},
        {"kind": MatchKind.POSSIBLE, "hits": (RuleHit("a.example", "?", "san", "possible", detail="?", score=100),)},
        {"names": ("\x1b[0m", "a\nb"), "issuer_organization": "\u202e"},
    ],
)
def test_every_record_fits_it(make: Make, changes: dict[str, object]) -> None:
    one = make(3, **changes)
    jsonschema.validate(json.loads(json.dumps(record(one))), schema())
    jsonschema.validate(json.loads(json.dumps(record(one.match))), schema())


def test_the_table_names_exactly_what_a_record_has(make: Make) -> None:
    assert [field.name for field in FIELDS] == list(record(make()))


def test_a_record_that_does_not_fit_is_told(make: Make) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record(make()), "extra": 1}, schema())


def test_the_reference_has_every_field() -> None:
    rows = reference().splitlines()
    assert len(rows) == len(FIELDS) + 2
    assert rows[2].startswith("| `timestamp` | integer | ")
    assert "| `id` | string | " in reference()
