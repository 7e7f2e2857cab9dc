"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

from certhia.cli import options
from certhia.config import load
from certhia.config.keys import fields


def test_what_is_not_given_sets_nothing() -> None:
    assert options.flags(logs__deny=None, logs__allow=[], read__contact=None) == {}


def test_names_become_keys() -> None:
    assert options.flags(logs__deny=["a"], read__from="now", output__quiet=True, watch__precerts=False) == {
        "logs.deny": ["a"],
        "read.from": "now",
        "output.quiet": True,
        "watch.precerts": False,
    }


def test_paths_stay_paths_where_a_plain_name_would_be_another_thing() -> None:
    given = options.flags(read__ca_file=Path("a/b.pem"))
    assert str(given["read.ca_file"]) == "a/b.pem"


def test_falsy_values_count_as_given() -> None:
    assert options.flags(read__max_rate=0.0, watch__dedupe_size=0) == {"read.max_rate": 0.0, "watch.dedupe_size": 0}


def test_the_keys_are_those_of_the_settings() -> None:
    given = options.flags(logs__include="pending", read__contact="a@b.test", state__name="x")
    assert set(given) <= set(fields())
    assert load(given, None, {"HOME": "/nonexistent"}).logs.include == ("pending",)
