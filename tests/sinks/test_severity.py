"""How grave a match is."""

from __future__ import annotations

import pytest
from tests.sinks.conftest import delivery

from certhia.model import MatchKind, RuleHit
from certhia.sinks.severity import severity


def hit(why: str, score: int = 0) -> tuple[RuleHit, ...]:
    return (RuleHit("rule", "name.example", "san", why, score=score),)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"kind": MatchKind.EXPECTED, "hits": hit("exact")}, "info"),
        ({"kind": MatchKind.POSSIBLE, "hits": hit("possible")}, "low"),
        ({"renewal": "key", "hits": hit("exact")}, "low"),
        ({"hits": hit("keyword")}, "medium"),
        ({"hits": hit("lookalike", 79)}, "medium"),
        ({"hits": hit("lookalike", 80)}, "high"),
        ({"hits": (*hit("keyword"), *hit("below"))}, "high"),
        ({"hits": ()}, "medium"),
    ],
)
def test_severities(changes: dict[str, object], expected: str) -> None:
    assert severity(delivery(1, **changes).match) == expected  # type: ignore[arg-type]
