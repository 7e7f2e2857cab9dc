from __future__ import annotations

import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator

from certhia.config.keys import fields
from certhia.config.named import fields_of, sink_types
from certhia.config.schema import schema
from certhia.config.starting import start


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    Draft7Validator.check_schema(schema())
    return Draft7Validator(schema())


def wrong(validator: Draft7Validator, text: str) -> list[str]:
    return sorted("/".join(map(str, error.absolute_path)) for error in validator.iter_errors(tomllib.loads(text)))


def test_every_key_is_described() -> None:
    tables: dict[str, Any] = schema()["properties"]
    for key in fields():
        section, _, name = key.partition(".")
        assert tables[section]["properties"][name]["description"]
    for kind, model in sink_types().items():
        assert fields_of(model).keys() <= schema()["definitions"][kind]["properties"].keys()


def test_what_starts_is_valid(validator: Draft7Validator) -> None:
    assert wrong(validator, start()) == []


@pytest.mark.parametrize(
    "text",
    [
        '[read]\nmemory = "64MB"\npatience = 5\nmax_rate = "${RATE}"\nfrom = -5\nmax_backlog = "2d"',
        '[read]\npatience = "1h30m"\nmax_bandwidth = "80Mbit/s"\n[watch]\nrules = "a.example"\nprecerts = "${P}"',
        '[sinks.webhook]\nurl = "https://a.example/"\nsecret_file = "/run/key"',
        '[sinks.chat]\ntype = "webhook"\nurl = "https://a.example/"\nevents = ["match", "alarm"]',
        '[platforms]\nmax_programs = 5\n[platforms.hackerone]\nusername = "u"\ntoken_file = "/run/key"',
        '[platforms.mine]\ntype = "url"\nurl = "https://a.example/"\nbackfill = "30d"',
        '[logs]\nlists = ["google"]\n[logs."https://ct.example/"]\nrate = 0.5\npoll = "5m"',
        '[output]\nkinds = "alert"\nformat = "jsonl"',
    ],
)
def test_what_is_valid(validator: Draft7Validator, text: str) -> None:
    assert wrong(validator, text) == []


@pytest.mark.parametrize(
    "text, where",
    [
        ("[reed]\n", [""]),
        ('[read]\nmemroy = "1MB"', ["read"]),
        ('[read]\nmemory = "1XB"', ["read/memory"]),
        ("[read]\nmax_rate = 0", ["read/max_rate"]),
        ('[read]\npatience = "soon"', ["read/patience"]),
        ('[output]\nformat = "xml"', ["output/format"]),
        ('[sinks.chat]\nurl = "https://a.example/"', ["sinks/chat", "sinks/chat"]),
        ('[sinks.webhook]\nsecret = "x"', ["sinks/webhook"]),
        ('[platforms.hackerone]\ntoken = "x"', ["platforms/hackerone"]),
        ('[logs."https://ct.example/"]\nrat = 1', ["logs/https://ct.example/"]),
        ("[logs.each]\nrate = 1", ["logs"]),
    ],
)
def test_what_is_not(validator: Draft7Validator, text: str, where: list[str]) -> None:
    assert wrong(validator, text) == where
