from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from certhia.config.sinks.topic import Topic


@pytest.mark.parametrize("text", ["certhia.{event}", "{programme}", "a-b_c.D9"])
def test_topics(text: str) -> None:
    assert TypeAdapter(Topic).validate_python(text) == text


@pytest.mark.parametrize("text", ["certhia.>", "a..b", ".a", "a.", "a b", "{nothing}", "", "a.*"])
def test_what_is_no_topic(text: str) -> None:
    with pytest.raises(ValidationError, match="is no topic"):
        TypeAdapter(Topic).validate_python(text)
