"""From what people ask of probes to what the state shows."""

from __future__ import annotations

import pytest
from tests.library.probed_servers import probe

from certhia.errors import ConfigError
from certhia.library.probed import OUTCOMES
from certhia.library.recalling import Sought, sought


def asked(**given: object) -> Sought:
    values = {"domain": None, "since": None, "outcomes": None, "waiting": False, "form": "human", "now": 1000.0}
    return sought(**{**values, **given})  # type: ignore[arg-type]


def test_without_a_word_it_is_all() -> None:
    assert asked() == Sought(None, 0.0, frozenset(OUTCOMES), waiting=False, lines=False)


def test_names_times_and_outcomes() -> None:
    found = asked(domain="example.com", since="100s", outcomes="served, other", form="jsonl")
    assert (found.since, found.outcomes, found.lines) == (900.0, frozenset(("served", "other")), True)
    assert found.names is not None
    assert found.names.match([probe("www.example.com").name])
    assert not found.names.match([probe("www.example.net").name])


@pytest.mark.parametrize("given", [{"outcomes": "x"}, {"form": "csv"}, {"waiting": True, "outcomes": "served"}])
def test_what_makes_no_sense_is_said(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="--"):
        asked(**given)
