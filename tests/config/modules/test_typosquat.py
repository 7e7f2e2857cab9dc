"""`[modules.typosquat]`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.typosquat import TyposquatSection


def test_its_bounds() -> None:
    section = TyposquatSection.model_validate({"domains": ["example.com"], "again": "1d", "patience": "5s"})
    assert (section.again, section.patience, section.score, section.context) == (86400, 5, 60, True)


@pytest.mark.parametrize("wrong", [{"score": 0}, {"tricks": ["magic"]}, {"patience": "10m"}, {"port": 0}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TyposquatSection.model_validate(wrong)
