"""`[modules.watch]`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.watch import WatchSection


def test_severities() -> None:
    assert WatchSection().severity == "low"
    with pytest.raises(ValidationError):
        WatchSection.model_validate({"severity": "grave"})
