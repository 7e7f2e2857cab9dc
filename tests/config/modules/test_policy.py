"""Settings of the policy module."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.policy import PolicySection


def test_by_itself_it_lints_and_has_no_rules() -> None:
    section = PolicySection()
    assert section.lint
    assert section.least == "error"
    assert (section.allowed_cas, section.max_lifetime, section.key_kinds, section.curves) == ((), None, (), ())


def test_durations_and_kinds_are_read() -> None:
    section = PolicySection.model_validate({"max_lifetime": "90d", "key_kinds": ["ec"], "patience": "2s"})
    assert (section.max_lifetime, section.key_kinds, section.patience) == (90 * 86400.0, ("ec",), 2.0)


@pytest.mark.parametrize("wrong", [{"least": "bad"}, {"key_kinds": ["dsa2"]}, {"patience": 0}, {"max_waiting": 0}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PolicySection.model_validate(wrong)
