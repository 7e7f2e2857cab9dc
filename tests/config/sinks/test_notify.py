from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.notify import NotifySink


def test_lines_are_secret() -> None:
    settings = NotifySink.model_validate({"urls": ["ntfy://hunter2@ntfy.example.com/topic"]})
    assert "hunter2" not in repr(settings)
    assert settings.events == ("match", "alarm")


@pytest.mark.parametrize("urls", [[], ["json://x"] * 21])
def test_how_many(urls: list[str]) -> None:
    with pytest.raises(ValidationError):
        NotifySink.model_validate({"urls": urls})
