"""What settings are made of."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from certhia.config.values import Files, Interval, Seconds, StreamUrl


def test_an_interval_is_more_than_nothing() -> None:
    assert TypeAdapter(Interval).validate_python("1m30s") == 90.0
    assert TypeAdapter(Seconds).validate_python("0s") == 0.0
    with pytest.raises(ValidationError, match="more than nothing"):
        TypeAdapter(Interval).validate_python("0s")


def test_a_file_is_named_once() -> None:
    with pytest.raises(ValidationError, match="named twice"):
        TypeAdapter(Files).validate_python(("a.csv", "a.csv"))


def test_a_stream_is_a_url() -> None:
    assert TypeAdapter(StreamUrl).validate_python(" wss://example.com/ ") == "wss://example.com/"
    with pytest.raises(ValidationError, match="is no server"):
        TypeAdapter(StreamUrl).validate_python("ftp://example.com/")
