from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.sinks.conftest import MAKE, delivery

from certhia.config.sinks.topic import Topic
from certhia.model import RuleHit
from certhia.sinks.topic import of_match, of_record

EVERY = "certhia.{event}.{platform}.{programme}.{kind}.{severity}"


def test_words_of_a_match(make: MAKE) -> None:
    assert of_match(EVERY, make(1)) == "certhia.match.hackerone.acme.alert.high"
    assert of_match(EVERY, make(1, hits=())) == "certhia.match.none.none.alert.medium"
    assert of_record("certhia.{event}.{programme}", {"type": "alarm"}) == "certhia.alarm.none"


@given(st.text())
def test_a_word_is_one_word(text: str) -> None:
    hit = RuleHit("r", "n", "san", "exact", text, text)
    assert re.fullmatch(r"a(\.[a-z0-9_-]{1,60}){2}", of_match("a.{programme}.{platform}", delivery(1, hits=(hit,))))


@pytest.mark.parametrize("text", ["certhia.>", "a..b", ".a", "a.", "a b", "{nothing}", "", "a.*"])
def test_what_is_no_topic(text: str) -> None:
    with pytest.raises(ValidationError, match="is no topic"):
        TypeAdapter(Topic).validate_python(text)
