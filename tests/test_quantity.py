from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.quantity import (
    Backlog,
    Point,
    backlog,
    bandwidth,
    duration,
    moment,
    point,
    show_duration,
    show_size,
    size,
)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("30", 30),
        ("30s", 30),
        ("5m", 300),
        ("5 min", 300),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("2d", 172_800),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1W", 604_800),
        (30, 30),
        (0.5, 0.5),
        (0, 0),
    ],
)
def test_durations(text: object, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "value",
    ["", "s", "-5", "5 6", "5x", "5m6", "1e3", "5,5", "\x1b[0m", -1, float("nan"), float("inf"), True, None, "٣s"],
)
def test_no_durations(value: object) -> None:
    with pytest.raises(ValueError, match="is no duration; write") as caught:
        duration(value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text, number",
    [("64MB", 64 * 10**6), ("64 mb", 64 * 10**6), ("64MiB", 64 << 20), ("1.5k", 1500), ("12", 12), ("7B", 7), (99, 99)],
)
def test_sizes(text: object, number: int) -> None:
    assert size(text) == number


@pytest.mark.parametrize("value", ["", "MB", "-1", "12XB", "1 2", "1MBB", -1, True, 1.5e400, None])
def test_no_sizes(value: object) -> None:
    with pytest.raises(ValueError, match="is no size; write"):
        size(value)


@pytest.mark.parametrize(
    "text, number",
    [
        ("10MB/s", 10**7),
        ("10 MB/s", 10**7),
        ("10MB", 10**7),
        ("10MBps", 10**7),
        ("80Mbit/s", 10**7),
        ("80mbit", 10**7),
        ("8kbit/s", 1000),
        ("16bit/s", 2),
        ("1MiB/s", 1 << 20),
        (500, 500),
    ],
)
def test_bandwidths(text: object, number: int) -> None:
    assert bandwidth(text) == number


@pytest.mark.parametrize("value", ["", "fast", "10/s/s", "Mbit/s", "10MB/m", -1, None])
def test_no_bandwidths(value: object) -> None:
    with pytest.raises(ValueError, match="is no bandwidth"):
        bandwidth(value)


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_shown_can_be_read(number: int) -> None:
    assert size(show_size(number)) == number
    assert duration(show_duration(number)) == pytest.approx(number)


@pytest.mark.parametrize(
    "seconds, text", [(21600, "6h"), (90, "90s"), (60, "1m"), (0, "0s"), (172_800, "2d"), (0.5, "0.5s")]
)
def test_durations_are_shown_in_their_largest_unit(seconds: float, text: str) -> None:
    assert show_duration(seconds) == text


@pytest.mark.parametrize(
    "text, expected",
    [
        ("now", Point("now", 0, "now")),
        ("NOW ", Point("now", 0, "now")),
        ("beginning", Point("beginning", 0, "beginning")),
        ("0", Point("index", 0, "0")),
        (1234, Point("index", 1234, "1234")),
        ("-500", Point("back", 500, "-500")),
        ("2026-03-01", Point("date", datetime(2026, 3, 1, tzinfo=UTC).timestamp(), "2026-03-01")),
        (date(2026, 3, 1), Point("date", datetime(2026, 3, 1, tzinfo=UTC).timestamp(), "2026-03-01")),
        (
            "2026-03-01T12:00+01:00",
            Point("date", datetime(2026, 3, 1, 11, tzinfo=UTC).timestamp(), "2026-03-01T12:00+01:00"),
        ),
    ],
)
def test_points(text: object, expected: Point) -> None:
    assert point(text) == expected
    assert point(expected) is expected
    assert str(expected) == expected.text


@pytest.mark.parametrize("value", ["", "yesterday", "2026-13-01", "--5", "1.5", "9" * 30, None, True])
def test_no_points(value: object) -> None:
    with pytest.raises(ValueError, match="is no point in a log; write now, beginning, an index, -N or a date"):
        point(value)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1000000", Backlog(entries=1_000_000)),
        (5, Backlog(entries=5)),
        ("2d", Backlog(seconds=172_800.0)),
        ("30s", Backlog(seconds=30.0)),
    ],
)
def test_backlogs(text: object, expected: Backlog) -> None:
    assert backlog(text) == expected
    assert backlog(expected) is expected


@pytest.mark.parametrize("value", ["", "lots", "-5", None, True])
def test_no_backlogs(value: object) -> None:
    with pytest.raises(ValueError, match="is no backlog; write a number of entries or an age"):
        backlog(value)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("now", 1e9),
        ("7d", 1e9 - 7 * 86400),
        (" 1h30m ", 1e9 - 5400),
        ("2001-09-09", 1_000_000_000 - 6400),
        ("2001-09-09T01:46:40", 1e9),
        ("2001-09-09T03:46:40+02:00", 1e9),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert moment(text, 1e9) == seconds


@pytest.mark.parametrize("text", ["", "7", "yesterday", "2001-13-01", "-7d", "7 parsecs"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write an age or a date: 7d"):
        moment(text, 1e9)
