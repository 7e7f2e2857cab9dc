"""What the program says about itself, in plain lines or JSON objects."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from certhia.cli.messages import Messages
from certhia.cli.progress import Live
from certhia.concerning import concerning
from certhia.config.levels import ROOMS
from certhia.testing import SimClock

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def made(form: str = "text", least: str = "debug") -> tuple[Messages, io.StringIO]:
    out = io.StringIO()
    return Messages(SimClock(), format=form, least=least, stream=out), out


def test_plain_lines() -> None:
    messages, out = made()
    messages("began")
    messages("gives no proof", level="warning", log="Alpha 2026")
    messages("root differs", level="error", log="Alpha 2026")
    messages("asked", level="debug")
    assert out.getvalue().splitlines() == [
        "12:00:00 began",
        "12:00:00 warning: Alpha 2026: gives no proof",
        "12:00:00 error: Alpha 2026: root differs",
        "12:00:00 asked",
    ]


def test_json_objects() -> None:
    messages, out = made("json")
    messages("gives no \x1b proof\n", level="warning", log="Älpha")
    messages("began")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first == {
        "event": "gives no \x1b proof\n",
        "level": "warning",
        "log": "Älpha",
        "correlation_id": messages.run,
        "time": "2026-11-20T12:00:00.000Z",
    }
    assert second["correlation_id"] == messages.run != made("json")[0].run
    assert re.fullmatch("[0-9a-f]{16}", messages.run)
    assert out.getvalue().isascii()


@pytest.mark.parametrize("least, count", [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_lowest_level_shown(least: str, count: int) -> None:
    messages, out = made(least=least)
    for level in ("debug", "info", "warning", "error"):
        messages("said", level=level)
    assert len(out.getvalue().splitlines()) == count


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\u202eevil", "\x07", "100 % {sure} %s"])
def test_text_is_inert(text: str) -> None:
    messages, out = made()
    messages(text, log=text)
    line = out.getvalue()
    assert line.count("\n") == 1
    assert not any(character in line for character in "\x1b\x07\u202e")


def test_lines_go_beside_the_live_picture() -> None:
    messages, out = made()
    live = Live(out, lambda width: ["the picture"])
    messages.live = live
    live.draw()
    messages("said")
    assert out.getvalue() == "the picture\n\x1b[1F\x1b[J12:00:00 said\n"


def test_a_stream_that_is_gone_ends_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    Messages(SimClock(), format="text", least="info", stream=Gone())("said")


def test_the_certificate_that_is_meant() -> None:
    messages, out = made()
    structured, lines = made("json")
    with concerning("ab" * 32):
        messages("refused", level="warning")
        structured("refused", level="warning")
    assert out.getvalue() == "12:00:00 warning: refused [abababababababab]\n"
    assert {json.loads(lines.getvalue())[name] for name in ("certificate", "correlation_id")} == {"ab" * 32}


def spoken(messages: Messages, room: str, level: str) -> None:
    """Says something in a room."""
    code = compile("messages(room + ' ' + level, level=level)", room, "exec")
    exec(code, {"__name__": f"certhia.{room}.one", "messages": messages, "room": room, "level": level})


def test_levels_of_single_rooms() -> None:
    out = io.StringIO()
    levels = ["sinks=debug", "logs=error"]
    messages = Messages(SimClock(), format="json", least="info", levels=levels, stream=out)
    for room in ("sinks", "logs", "alarms"):
        for level in ("debug", "warning", "error"):
            spoken(messages, room, level)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [f"{one['room']} {one['level']}" for one in told] == [one["event"] for one in told]
    assert [one["event"] for one in told] == [
        *("sinks debug", "sinks warning", "sinks error", "logs error", "alarms warning", "alarms error"),
    ]
    messages.adopt(format="json", least="info")
    spoken(messages, "sinks", "debug")
    assert len(out.getvalue().splitlines()) == len(told)


def test_fields_are_documented() -> None:
    out, text = io.StringIO(), (DOCS / "messages.md").read_text(encoding="utf-8")
    with concerning("ab" * 32):
        spoken(Messages(SimClock(), format="json", least="info", stream=out), "sinks", "error")
    assert {f"`{name}`" for name in (*json.loads(out.getvalue()), "log")} == set(
        re.findall(r"(?m)^\| (`[a-z_]+`) \| (?:always|where)", text)
    )
    assert [room for room in ROOMS if f"`{room}`" not in text] == []
