"""What goes over the pipes between a worker process and the main one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.errors import Malformed
from certhia.model import LogName
from certhia.modules.finding import SEVERITIES, Drop, Finding, Name, Note, Result
from certhia.modules.wire import (
    DATA,
    KIND,
    NAMED,
    NAMES,
    TEXT,
    checked,
    decoded,
    encoded,
    log_name,
    match_row,
    matched,
    named_log,
    pack,
    read,
)
from certhia.testing import matches_of

POSITIONS = st.none() | st.integers(0, 1 << 20)
SAID = st.dictionaries(st.text(), st.integers() | st.text() | st.none())
RESULTS = st.lists(
    st.builds(
        Finding, st.text(max_size=64), st.text(), st.sampled_from(SEVERITIES), POSITIONS, st.tuples(st.text()), SAID
    )
    | st.builds(Name, st.text(), st.text(), st.floats(0, 1), POSITIONS)
    | st.builds(Note, st.integers(0, 99), SAID)
    | st.builds(Drop, st.integers(0, 99), st.text())
)


async def over(message: bytes, most: int = 1 << 20) -> tuple[dict[str, Any], list[bytes]]:
    reader = asyncio.StreamReader()
    reader.feed_data(message)
    reader.feed_eof()
    return await read(reader, most)


async def test_a_message_with_blobs() -> None:
    assert await over(pack({"do": "it", "n": [1]}, [b"", b"\0\xff"])) == ({"do": "it", "n": [1]}, [b"", b"\0\xff"])


@pytest.mark.parametrize("message", [pack({"a": "b" * 99}), pack({}, [b"c" * 99]), b"\xff" * 99, pack({})[:8] + b"[]"])
async def test_messages_that_are_none(message: bytes) -> None:
    with pytest.raises(Malformed):
        await over(message, most=64)


async def test_a_message_that_breaks_off() -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await over(pack({"a": "b"})[:-1])


@given(RESULTS)
def test_results_come_through(results: list[Result]) -> None:
    header, _ = asyncio.run(over(pack({"ok": encoded(results)}), most=1 << 24))
    assert decoded(header["ok"]) == results


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_anything_else_is_refused_or_is_a_result(raw: object) -> None:
    try:
        results = decoded(raw)
    except Malformed:
        return
    assert all(isinstance(one, Finding | Name | Note | Drop) for one in results)


@pytest.mark.parametrize(
    "one",
    [
        Finding("a", "b", position=-1),
        Finding("a", "b", position=True),
        Finding("a", "b", severity="critical"),  # type: ignore[arg-type]
        Finding("a", 3),  # type: ignore[arg-type]
        Finding("a", "b", names="a.example"),  # type: ignore[arg-type]
        Finding("a", "b", data=[]),  # type: ignore[arg-type]
        Name("a", "b", 2.0),
        Note(None, {}),  # type: ignore[arg-type]
        Drop(0, None),  # type: ignore[arg-type]
    ],
)
def test_results_that_make_no_sense(one: Result) -> None:
    with pytest.raises(ValueError, match=r"position|finding|name|note|drop"):
        checked(one)


def test_what_is_too_much_is_cut() -> None:
    one = checked(Finding("k" * 99, "t" * (TEXT + 1), names=("n",) * (NAMES + 1)))
    assert isinstance(one, Finding)
    assert (len(one.kind), len(one.text), len(one.names)) == (64, TEXT, NAMES)


def test_a_match_and_its_log() -> None:
    match = matches_of("a.example").matches[0]
    assert matched(match_row(match)) == match
    log = LogName(bytes(32), "https://ct.example/", "A log", "Nobody")
    assert named_log(log_name(log)) == log


@pytest.mark.parametrize(
    "data",
    [{"share": float("nan")}, {"a": float("inf")}, {"a": {1, 2}}, {"a": b"bytes"}, {"a": "x" * DATA}, {(1,): 2}],
)
def test_data_that_nobody_could_keep(data: dict[Any, Any]) -> None:
    with pytest.raises(ValueError, match="data"):
        checked(Finding("kind", "text", data=data))


def test_data_that_goes_too_deep() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ValueError, match="this is none"):
        checked(Finding("kind", "text", data=deep))


def test_long_names_are_cut() -> None:
    found = checked(Finding("kind", "text", names=("n" * 10**6, "short")))
    assert isinstance(found, Finding)
    assert found.names == ("n" * NAMED, "short")


def test_what_is_far_too_much_is_cut_before_it_is_sent() -> None:
    one, other = Name("a" * 10**7, "s" * 10**7), Drop(0, "w" * 10**7)
    header = json.dumps(encoded([one, other]))
    assert len(header) < 10_000
    assert decoded(json.loads(header)) == [Name("a" * NAMED, "s" * KIND), Drop(0, "w" * TEXT)]


def test_it_is_known_whose_nonsense_it_is() -> None:
    with pytest.raises(ValueError, match="data is JSON, and this is none"):
        encoded([Finding("a", "b", data={"a": float("nan")})])
