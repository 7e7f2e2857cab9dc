"""The JSON Schema of a result."""

from __future__ import annotations

import json

import jsonschema
import pytest

from certhia.scanner.report import certificate
from certhia.scanner.report.schema import CERTIFICATE, KEYS, reference, schema


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_nothing_else_is_allowed() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema())


def test_the_reference_names_every_key() -> None:
    text = reference()
    assert all(f"| `{key.name}` |" in text for key in KEYS)
    assert "### `certificate`" in text


def test_a_certificate_that_cannot_be_read_has_all_keys() -> None:
    shown = json.loads(certificate.text(b"\x30"))
    assert [*shown] == [key.name for key in CERTIFICATE]
    jsonschema.validate(shown, schema()["properties"]["certificate"])  # type: ignore[index]
