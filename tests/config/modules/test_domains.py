"""`[modules.domains]`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.domains import DomainsSection


def test_it_says_little_by_itself() -> None:
    section = DomainsSection()
    assert (section.report, section.file, section.error_rate, section.capacity) == ("count", None, 0.001, 10_000_000)


@pytest.mark.parametrize("wrong", [{"error_rate": 0}, {"error_rate": 0.5}, {"capacity": 10}, {"report": "some"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DomainsSection.model_validate(wrong)
