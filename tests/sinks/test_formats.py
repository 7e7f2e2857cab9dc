import json
from collections.abc import Callable
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.model import Delivery
from certhia.sinks.formats import FORMATS, Format

Make = Callable[..., Delivery]


@pytest.mark.parametrize(
    "name, shape",
    [("a.jsonl", "jsonl"), ("a.ndjson", "jsonl"), ("A.JSON", "json"), ("x/y.csv", "csv"), ("m.txt", "human")],
)
def test_a_files_name_tells_its_format(name: str, shape: str) -> None:
    assert Format.of(Path(name)).name == shape


@pytest.mark.parametrize("name", ["a", "a.log", "a.jsonl.gz"])
def test_a_name_that_tells_nothing_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"end it in \.jsonl, \.ndjson, \.json, \.csv, \.txt"):
        Format.of(Path(name))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigError, match='"xml" is no output format; write one of human, jsonl'):
        Format("xml")


@pytest.mark.parametrize("name", FORMATS)
def test_every_text_is_whole(make: Make, name: str) -> None:
    shape = Format(name)
    text = shape.header + "".join(shape.text(make(number)) for number in range(3))
    assert shape.whole(text) == len(text)


@pytest.mark.parametrize("name", ["human", "jsonl", "json", "csv"])
def test_every_torn_text_is_told(make: Make, name: str) -> None:
    shape = Format(name)
    first, second = shape.header + shape.text(make(1)), shape.text(make(2))
    for cut in range(1, len(second)):
        end = first + second[:cut]
        whole = shape.whole(end)
        assert whole == len(first), cut
        assert shape.ours(end[whole:]), cut


@pytest.mark.parametrize("name", ["human", "jsonl", "json", "csv"])
@pytest.mark.parametrize("foreign", ["Dear diary", '{"a": 1}', "[]", "# notes"])
def test_other_peoples_text_is_not_ours(name: str, foreign: str) -> None:
    assert not Format(name).ours(foreign)


def test_json_lines_and_objects(make: Make) -> None:
    line = Format("jsonl").text(make(5))
    assert line.count("\n") == 1
    assert json.loads(line)["id"] == "05" * 32
    block = Format("json").text(make(5))
    assert block.startswith('{\n  "timestamp": ')
    assert block.endswith("\n}\n")
    assert json.loads(block) == json.loads(line)


def test_silence(make: Make) -> None:
    assert Format("silent").text(make()) == Format("silent").header == ""
