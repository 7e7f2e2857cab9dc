from __future__ import annotations

from certhia.config.differing import differences, fields_in, told
from certhia.config.settings import Settings
from certhia.config.sources import from_values

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"
HOOK = {"sinks.webhook.url": "https://a.example/path", "sinks.webhook.secret": [SECRET]}


def settings(**values: object) -> Settings:
    return from_values({key.replace("__", "."): value for key, value in values.items()})


def test_every_key_that_differs() -> None:
    before = settings(read__memory="1MB", logs__deny=["x"])
    after = settings(read__memory="2MB", logs__deny=["x"], watch__precerts=False)
    assert differences(before, after) == {"read.memory": (1_000_000, 2_000_000), "watch.precerts": (True, False)}
    assert told(before, after) == [
        'settings reloaded: read.memory is "2MB" (was "1MB")',
        "settings reloaded: watch.precerts is false (was true)",
    ]
    assert differences(before, before) == {}


def test_tables_that_come_and_go() -> None:
    none, one = from_values({}), from_values({**HOOK, 'logs."https://ct.example/".rate': 2})
    changes = differences(none, one)
    assert changes["sinks.webhook.url"] == (None, "https://a.example/path")
    assert changes['logs."https://ct.example/".rate'] == (None, 2.0)
    assert told(none, one)[-1] == "settings reloaded: sinks.webhook is new"
    assert told(one, none)[-1] == "settings reloaded: sinks.webhook is gone"
    assert fields_in(none, one).keys() >= {"read.memory", "sinks.webhook.url"}


def test_secrets_are_not_told() -> None:
    other = from_values({**HOOK, "sinks.webhook.secret": [SECRET + "eA=="], "sinks.webhook.url": "https://a.example/z"})
    lines = told(from_values(HOOK), other)
    assert sorted(lines) == [
        "settings reloaded: sinks.webhook.secret is another one",
        'settings reloaded: sinks.webhook.url is "https://a.example/****" (was "https://a.example/****")',
    ]
