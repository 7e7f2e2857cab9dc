from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.config.named import fields_of, header, is_named, key_of, model_of, parts_of, sink_types, wrong_name
from certhia.config.settings import LogOptions, Logs
from certhia.config.sinks import WebhookSink
from certhia.errors import ConfigError


def test_parts_of_keys() -> None:
    assert parts_of("read.memory") == ("read", "memory")
    assert parts_of("sinks.chat.url") == ("sinks", "chat", "url")
    assert parts_of('logs."https://ct.example/2026h1/".rate') == ("logs", "https://ct.example/2026h1/", "rate")
    assert header(("logs", "https://ct.example/")) == '[logs."https://ct.example/"]'
    assert is_named(("sinks", "chat", "url"))
    assert is_named(("platforms", "mine", "url"))
    assert not is_named(("read", "memory"))


@given(st.lists(st.text(min_size=1, max_size=9), min_size=2, max_size=3).map(tuple))
def test_a_key_is_read_back(parts: tuple[str, ...]) -> None:
    assert parts_of(key_of(parts)) == parts


@pytest.mark.parametrize("key", ["", "read", "read.", ".x", 'a."b', "a..b", 'a."b"c'])
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(ConfigError, match=r"is no key; write section\.key"):
        parts_of(key)


@pytest.mark.parametrize("name", ["chat", "a", "to-redis_2"])
def test_names_of_sinks(name: str) -> None:
    assert wrong_name(("sinks", name)) == ""


@pytest.mark.parametrize("name", ["", "Chat", "2x", "a.b", "x" * 33, "ä"])
def test_what_is_no_name_of_a_sink(name: str) -> None:
    assert "is no name of a sink" in wrong_name(("sinks", name))
    assert "is no name of a platform" in wrong_name(("platforms", name))


@pytest.mark.parametrize("name", ["https://ct.example/x/", "https://ct.example/x", "http://127.0.0.1:8080"])
def test_urls_of_logs(name: str) -> None:
    assert wrong_name(("logs", name)) == ""


@pytest.mark.parametrize("name", ["", "each", "ct.example/x", "ftp://ct.example/", "https://", "https://a.b/?q"])
def test_what_is_no_url_of_a_log(name: str) -> None:
    assert "is no URL of a log" in wrong_name(("logs", name))


def test_which_options_a_table_has() -> None:
    assert sink_types()["webhook"] is WebhookSink
    assert model_of(("sinks", "chat"), "webhook") is WebhookSink
    assert model_of(("logs", "https://ct.example/")) is LogOptions
    assert "each" not in fields_of(Logs)
    assert "url" in fields_of(WebhookSink)
