from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from certhia.config import load
from certhia.config.keys import fields
from certhia.config.named import sink_types
from certhia.config.starting import start

HOME = {"HOME": "/nowhere"}


@pytest.mark.parametrize("name", ["certhia.toml", "certhia.yaml"])
def test_the_file_holds(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(start(yaml=name.endswith("yaml")))
    settings = load({}, path, HOME)
    assert settings.watch.rules == ("example.com",)
    assert settings.model_copy(update={"watch": load({}, None, HOME).watch}) == load({}, None, HOME)


def test_every_key_is_in_it_with_its_default() -> None:
    text = re.sub(r"(?m)^# (?=[a-z_0-9]+ = |\[)", "", start())
    read = tomllib.loads(text.replace('"(', '"').replace(')"', '"'))
    for key in fields():
        section, _, name = key.partition(".")
        assert name in read[section]
    assert read["read"]["patience"] == "1m"
    for kind in sink_types():
        assert f"\n[sinks.my-{kind}]\n" in text


def test_uncommented_yaml_is_yaml() -> None:
    text = start(yaml=True)
    below = text[text.index('\n#   "https') : text.index("# How logs are read")]
    options = yaml.safe_load(re.sub(r"(?m)^# ", "", below).replace("logs.", ""))
    assert options["https://ct.example.com/2026h1/"].keys() == {"rate", "parallel", "page", "poll"}
