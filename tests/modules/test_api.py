"""What a module is: what it says of itself, and what it may ask for."""

from __future__ import annotations

import dataclasses

import pytest
from pydantic import ValidationError

from certhia.modules import Info, Nothing, Sees


def test_what_most_modules_need_not_say() -> None:
    info = Info("mine", "1", "Mine", Sees.ENTRIES)
    assert (info.config, info.needs, info.inline, info.cached) == (Nothing, (), False, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        info.name = "other"  # type: ignore[misc]


def test_no_keys() -> None:
    with pytest.raises(ValidationError):
        Nothing.model_validate({"days": 1})


def test_what_there_is_to_see() -> None:
    assert [*Sees] == ["entries", "matches", "visits"]
