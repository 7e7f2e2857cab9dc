"""What a module gives back: findings, names, notes and drops."""

from __future__ import annotations

import dataclasses

import pytest

from certhia.modules.finding import SEVERITIES, Drop, Finding, Name, Note


def test_a_finding_says_little_where_there_is_little() -> None:
    found = Finding("odd", "an odd one")
    assert (found.severity, found.position, found.names, dict(found.data)) == ("info", None, (), {})


def test_severities_go_upwards() -> None:
    assert SEVERITIES == ("info", "low", "medium", "high")


@pytest.mark.parametrize(
    "result", [Finding("odd", "one"), Name("a.example", "elsewhere"), Note(0, {}), Drop(0, "mine")]
)
def test_results_do_not_change(result: object) -> None:
    for field in dataclasses.fields(result):  # type: ignore[arg-type]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field.name, None)
