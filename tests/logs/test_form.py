"""Fields that anybody may have written: what they must be is said, and nothing else comes through."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest

from certhia.logs.form import MAX_HASHES, MAX_TEXT, BadEvidence, Form, hashes

HASH = b64encode(bytes(32)).decode()
FORM = Form(
    {
        "object": {"text": "in it"},
        "objects": [{"number": 1}, {"number": 2}],
        "mixed": [{}, 3],
        "text": "x" * (MAX_TEXT + 1),
        "true": True,
        "number": 7,
        "minus": -1,
        "late": 1e12,
        "bytes": "AAAA",
        "nonsense": "?",
        "hashes": [HASH, HASH],
        "short": ["AAAA"],
        "many": [HASH] * (MAX_HASHES + 1),
    },
    "here.",
)


def test_what_is_there() -> None:
    assert FORM.inner("object").text("text") == "in it"
    assert [one.number("number", 2) for one in FORM.each("objects", 2)] == [1, 2]
    assert FORM.truth("true") is True
    assert (FORM.number("number", 7), FORM.time("number"), FORM.bytes("bytes", 3)) == (7, 7.0, bytes(3))
    assert hashes(FORM, "hashes") == (bytes(32), bytes(32))


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: FORM.inner("text"), "here.text is not an object"),
    (lambda: FORM.inner("object").text("nothing"), "here.object.nothing is not text"),
    (lambda: FORM.each("mixed", 2), r"here.mixed\[1\] is not an object"),
    (lambda: FORM.each("objects", 1), "here.objects is not a list of at most 1"),
    (lambda: FORM.each("objects", 2)[1].number("number", 1), r"here.objects\[1\].number is not a number from 0 to 1"),
    (lambda: FORM.text("text"), "here.text is not text of at most 2000"),
    (lambda: FORM.truth("number"), "here.number is not true or false"),
    (lambda: FORM.number("true", 7), "here.true is not a number"),
    (lambda: FORM.number("minus", 7), "here.minus is not a number"),
    (lambda: FORM.time("late"), "here.late is not a time"),
    (lambda: FORM.bytes("nonsense", 3), "here.nonsense is not base64"),
    (lambda: FORM.bytes("bytes", 2), "here.bytes is not at most 2 bytes"),
    (lambda: hashes(FORM, "short"), "here.short is not hashes of 32 bytes"),
    (lambda: hashes(FORM, "many"), "here.many is not a list of at most 128"),
]


@pytest.mark.parametrize("take, said", WRONG)
def test_what_is_not(take: Callable[[], object], said: str) -> None:
    with pytest.raises(BadEvidence, match=said):
        take()
