"""The live picture: one line a log, redrawn in place, inert whatever a log calls itself."""

from __future__ import annotations

import io
import os
import re

import pytest

from certhia.cli.progress import Live, age, heading, line
from certhia.logs.status import Status
from certhia.model import Head, Log, Protocol

LOG = Log(b"i" * 32, b"k", "Log \x1b[31mred\n", "Operator", Protocol.STATIC, "https://log.test/", "https://log.test/")


def test_age_in_one_unit() -> None:
    assert [age(s) for s in (0, 59, 120, 7200, 200_000)] == ["0s", "59s", "2m", "2h", "2d"]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_log_is_one_line_of_the_terminal_and_inert(width: int) -> None:
    status = Status(LOG, position=1234567, verified=1234000, head=Head(1234999, b"", 0, b""), last_timestamp=1000)
    text = line(status, 3601.0, width, colour=False)
    assert "\x1b" not in text
    assert "\n" not in text
    assert "1,234,567" in text
    assert ("1,234,000" in text) is (width >= 80)  # what is missed least is left out first
    assert "432 (1h)" in text
    assert text.endswith("healthy")
    assert len(text) <= width
    assert len(heading(width)) <= width


def test_what_was_never_proven_says_so() -> None:
    assert "unverified" in line(Status(LOG, provable=False), 0, 100, colour=True)


def test_the_picture_is_erased_before_anything_else_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((80, 6)))
    out = io.StringIO()
    live = Live(out, lambda width: [f"line {n}" for n in range(10)])
    live.draw()
    assert "... and 7 more" in out.getvalue()
    with live.aside():
        out.write("a match\n")
    live.close()
    shown = re.sub(r"\x1b\[(\d+)F\x1b\[J", r"<up \1>", out.getvalue())
    assert shown.endswith("<up 4>a match\n")
    before = out.getvalue()
    live.draw()
    assert out.getvalue() == before


def test_a_picture_that_is_not_wanted_is_away_until_it_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_, **__: os.terminal_size((80, 6)))
    out = io.StringIO()
    live = Live(out, lambda _width: ["line"])
    live.clear()
    assert out.getvalue() == ""
    live.draw()
    live.clear()
    live.clear()
    assert out.getvalue().count("\x1b[1F") == 1
    live.draw()
    assert out.getvalue().endswith("line\n")
