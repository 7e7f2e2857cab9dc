from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from certhia.config import toml
from certhia.config.keys import fields
from certhia.config.secret import secret
from certhia.quantity import Backlog, Point

TEXT = FieldInfo(annotation=str)
KEYS = fields()


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_read_back(text: str) -> None:
    assert tomllib.loads(f"x = {toml.text(text)}") == {"x": text}


@pytest.mark.parametrize(
    "value, key, written",
    [
        (60.0, "read.patience", '"1m"'),
        (64_000_000, "read.memory", '"64MB"'),
        (1234, "read.memory", "1234"),
        (10_000_000, "read.max_bandwidth", "10000000"),
        (0.5, "read.max_rate", "0.5"),
        (True, "watch.precerts", "true"),
        (("a", "b"), "watch.rules", '["a", "b"]'),
        ((Path("/x"),), "watch.files", '["/x"]'),
        (Point("back", 5, "-5"), "read.from", '"-5"'),
        (Backlog(seconds=7200), "read.max_backlog", '"2h"'),
        (Backlog(entries=50), "read.max_backlog", "50"),
    ],
)
def test_values(value: object, key: str, written: str) -> None:
    assert toml.value(value, KEYS[key]) == written
    tomllib.loads(f"x = {written}")


def test_tables_of_texts() -> None:
    assert toml.value({}, TEXT) == "{}"
    assert tomllib.loads(f"x = {toml.value({'a b': 'c'}, TEXT)}") == {"x": {"a b": "c"}}


@pytest.mark.parametrize("one", [SecretStr("x"), secret("x" * 20)])
def test_secrets_are_not_written(one: object) -> None:
    with pytest.raises(TypeError, match="a secret is not written"):
        toml.value((one,), TEXT)
