"""`[modules.expiry]`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.expiry import DAY, ExpirySection


def test_moments_are_sorted_and_each_once() -> None:
    assert ExpirySection().before == (30 * DAY, 14 * DAY, 7 * DAY, DAY)
    assert ExpirySection.model_validate({"before": ["1d", "60d", "1d", "12h"]}).before == (60 * DAY, DAY, DAY / 2)


@pytest.mark.parametrize("wrong", [{"before": []}, {"before": ["0s"]}, {"every": "2d"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExpirySection.model_validate(wrong)
