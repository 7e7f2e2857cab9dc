"""What a client may write to say where it goes on."""

from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.stream import since
from certhia.stream.since import After, Moment

NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    "text, meant",
    [
        ("c37a51e0bd66e0f1:1234567", After(bytes.fromhex("c37a51e0bd66e0f1"), 1234567)),
        (" C37A51E0BD66E0F1:0 ", After(bytes.fromhex("c37a51e0bd66e0f1"), 0)),
        ("-10m", Moment(NOW - 600)),
        ("-1h30m", Moment(NOW - 5400)),
        ("1795000000", Moment(NOW)),
        ("1795000000.25", Moment(NOW + 0.25)),
        ("2026-11-18T11:06:40Z", Moment(NOW)),
        ("2026-11-18T12:06:40+01:00", Moment(NOW)),
        ("2026-11-18T12:06:40 01:00", Moment(NOW)),  # a plus in a query is a space
        ("2026-11-18", Moment(NOW - 40_000)),
    ],
)
def test_cursors_and_times(text: str, meant: since.Since) -> None:
    assert since.read(text, NOW) == meant


def test_a_cursor_is_written_as_messages_have_it() -> None:
    text = "c37a51e0bd66e0f1:1234567"
    assert str(since.read(text, NOW)) == text


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "c37a:1", "c37a51e0bd66e0f1:", "c37a51e0bd66e0f1:-1", "c37a51e0bd66e0f1:01", "-", "--1m", "1e9",
     "c37a51e0bd66e0f1:1234567890123456789", "2026-13-01", "nan", "\x1b[31m"],
)  # fmt: skip
def test_what_is_neither(text: str) -> None:
    with pytest.raises(ConfigError, match=r"since: .* is neither cursor nor time; write a cursor") as raised:
        since.read(text, NOW)
    assert "\x1b" not in str(raised.value)


def test_what_is_too_long() -> None:
    with pytest.raises(ConfigError, match="more than 64 characters"):
        since.read("1" * (since.MAX_SINCE + 1), NOW)
