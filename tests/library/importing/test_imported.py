from __future__ import annotations

import tomllib

import pytest

from certhia.errors import ConfigError
from certhia.library.importing.imported import Imported


def test_what_is_written_is_toml() -> None:
    found = Imported(
        {
            "watch.rules": [f"host{number}.example.com" for number in range(20)],
            "read.max_rate": 5,
            "watch.precerts": False,
            "sinks.webhook.url": "https://a.example/",
            'logs."https://ct.example/".rate': 0.5,
        }
    )
    text = found.written("x.toml")
    assert text.startswith("# Made from x.toml by `certhia config import`.\n")
    assert tomllib.loads(text) == {
        "watch": {"rules": [f"host{number}.example.com" for number in range(20)], "precerts": False},
        "read": {"max_rate": 5},
        "sinks": {"webhook": {"url": "https://a.example/"}},
        "logs": {"https://ct.example/": {"rate": 0.5}},
    }
    found.check({})


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"read\.max_rate"):
        Imported({"read.max_rate": "${X}"}).check({"X": "quick"})
