"""From settings to what is read beside the logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.hearing import beside_of
from certhia.net import Http
from certhia.parts import Beside

URL = "wss://one.example/"


def made(path: Path, **given: object) -> Beside:
    settings = load({name.replace("__", "."): value for name, value in given.items()}, None, {"HOME": str(path)})
    clock = Clock()
    return beside_of(settings, Http(clock=clock, user_agent="certhia/test"), clock, lambda *_, **__: None)


def test_nothing_unless_named(tmp_path: Path) -> None:
    assert type(made(tmp_path)) is Beside


@pytest.mark.parametrize(
    "given, alone",
    [({}, True), ({"read__with_logs": True}, False), ({"logs__log": ["https://log.example/"]}, False)],
)
def test_logs_are_followed_beside_it_where_that_is_asked_for(
    tmp_path: Path, given: dict[str, object], alone: bool
) -> None:
    assert made(tmp_path, read__certstream=[URL], **given).alone is alone


@pytest.mark.parametrize(
    "given, text",
    [
        ({"read__with_logs": True}, "followed anyway"),
        ({"read__certstream": [URL], "serve__history": "16MB"}, "leave out --history or --certstream"),
        ({"read__certstream": ["one.example"]}, "is no server; write wss://HOST/PATH"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, given: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        made(tmp_path, **given)
