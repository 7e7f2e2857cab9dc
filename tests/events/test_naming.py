"""What types of events may be called."""

from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.events.naming import asked, check_known, check_own, is_correlation, is_type


@pytest.mark.parametrize("value", ["scan.started", "mine.seen", "a", "a_b-1.c", "x" * 64])
def test_what_is_a_type(value: str) -> None:
    assert is_type(value)


@pytest.mark.parametrize(
    "value", ["", "a\nb.c", "Scan.Started", "a..b", ".a", "a b", "é.x", "x" * 65, 7, None, "\ud800.x"]
)
def test_what_is_none(value: object) -> None:
    assert not is_type(value)


def test_what_may_stand_in_a_header() -> None:
    assert is_correlation("")
    assert is_correlation("ab" * 32)
    for value in ("a b", "a\r\nb", "é", "x" * 129, 7):
        assert not is_correlation(value)


def test_others_publish_none_of_our_own() -> None:
    check_own("mine.seen", "")
    for type_ in ("match.found", "log.healed", "scan.x"):
        with pytest.raises(ValueError, match="are Certhia's own"):
            check_own(type_, "")
    wrong: tuple[object, ...] = ("match", "alarm", "a\nb.c", None)
    for one in wrong:
        with pytest.raises(ValueError, match="is no type of events"):
            check_own(one, "")
    with pytest.raises(ValueError, match="is no correlation id"):
        check_own("mine.seen", "a\r\nb: c")


def test_what_somebody_asks_for() -> None:
    assert asked("*") == ("*",)
    assert asked(["scan.*", "match.found", "*.found", "mine.seen", "[ms]*"]) == (
        *("scan.*", "match.found", "*.found", "mine.seen", "[ms]*"),
    )


@pytest.mark.parametrize(
    "types, said",
    [
        ("scan.complete", '"scan.complete" is no type of events; did you mean scan.completed?'),
        ("scan", '"scan" is no type of events; write scan.* for all that begin so'),
        ("match.found,scan.*", "is no type of events, and no glob"),
        ("Match.Found", "is no type of events, and no glob"),
        ([1], '"1" is no type of events'),
        ([], "no types of events are named"),
        ("", '"" is no type of events'),
        (b"scan.*", "names no types of events"),
        (None, "names no types of events"),
        (5, "names no types of events"),
    ],
)
def test_what_nobody_can_be_told(types: object, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        asked(types)
    assert said in str(raised.value)


def test_what_is_like_nothing_that_there_is() -> None:
    check_known(("*", "scan.*", "mine.*"), ["mine.seen"])
    for one, meant in (("sacn.*", "scan.*"), ("mine.sen", "mine.seen")):
        with pytest.raises(ConfigError, match=rf"did you mean {meant}\?".replace("*", r"\*")):
            check_known((one,), ["mine.seen"])
