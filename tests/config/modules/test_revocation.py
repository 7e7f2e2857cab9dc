"""Settings of the revocation module."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.revocation import RevocationSection


def test_by_itself_it_asks_once_a_day() -> None:
    section = RevocationSection()
    assert (section.every, section.per_host, section.max_certificates) == (86400.0, 1.0, 100_000)
    assert section.first
    assert section.changes
    assert RevocationSection.model_validate({"every": "12h"}).every == 43200.0


@pytest.mark.parametrize("wrong", [{"every": "1m"}, {"per_host": 0}, {"max_certificates": 0}, {"per_host": 1000}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RevocationSection.model_validate(wrong)
