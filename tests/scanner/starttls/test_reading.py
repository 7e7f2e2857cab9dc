from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.driving import drive, failure_of

from certhia.scanner.conversation import Conversation, Send
from certhia.scanner.failures import ScanFailure
from certhia.scanner.starttls.reading import MAX_GREETING, Reading, refused


def two_lines() -> Conversation[tuple[list[bytes], list[bytes]]]:
    reading = Reading()
    first = yield from reading.lines(b"", lambda line: not line.startswith(b"-"))
    return first, (yield from reading.lines(b"next\r\n", lambda _: True))


@given(st.data())
def test_pieces_make_no_difference(data: st.DataObject) -> None:
    said = b"-one\r\n-two\nthree\r\n"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(said) - 1))))
    pieces = [said[i:j] for i, j in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    _, (first, second) = drive(two_lines(), [*pieces, b"four\r\n"])
    assert (first, second) == ([b"-one", b"-two", b"three"], [b"four"])


def test_what_came_before_it_was_asked_is_no_answer() -> None:
    """Else a man in the middle answers for the server (CVE-2011-0411)."""
    steps, (_, second) = drive(two_lines(), [b"one\r\nforged\r\n", b"true\r\n"])
    assert second == [b"true"]
    assert steps == [Send(b"", "starttls", None), Send(b"next\r\n", "starttls", None)]


def endless(reading: Reading) -> Conversation[list[bytes]]:
    return reading.lines(b"", lambda _: False)


def test_is_bounded() -> None:
    failure = failure_of(endless(Reading()), [b"x" * 16384] * 5)
    assert (failure.kind, failure.step) == ("too-large", "starttls")
    assert str(MAX_GREETING) in failure.detail


def test_the_peers_end_says_what_came_until_then() -> None:
    failure = failure_of(endless(Reading()), [b"550 go aw", b""])
    assert str(failure) == 'closed at starttls: "550 go aw"'


@pytest.mark.parametrize(
    "said, why, detail",
    [
        (b"454 \x1b[31mno\r\n", "", '"454 \\x1b[31mno"'),
        (b"", "the server has no TLS", "the server has no TLS"),
        (b"no", "LDAP result 2", 'LDAP result 2: "no"'),
        (b"\xff" * 500, "", '"' + "\\xff" * 30 + '..."'),
    ],
)
def test_a_refusal_shows_what_was_said_inert_and_cut(said: bytes, why: str, detail: str) -> None:
    failure = refused(said, why)
    assert isinstance(failure, ScanFailure)
    assert (failure.kind, failure.detail) == ("starttls-refused", detail)
