"""Where a client goes on that has a cursor which stands nowhere, or twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.stream.histories import START, A, B, C, Kept, cursor, place, proof, read, record, sheet, short

from certhia.stream import places, since
from certhia.stream.index import Index
from certhia.stream.records import Kind
from certhia.stream.rows import Row, Rows
from certhia.stream.segments import Segment


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "history")


async def test_a_range_that_was_skipped_is_said(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 0, 3))
        recorded = await history.record([sheet(A, 50, 60)], history.shelf.issuers)
        (order, missing) = recorded.missing[0]  # who is live is told too
        assert (order, short([missing])) == ("arrival", "-a10-49")
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 b0-2 -a10-49 a50-59"
        # The cursor of what was skipped: behind what came before it.
        assert short(await read(history, place(history, cursor(A, 30)))) == "b0-2 -a31-49 a50-59"


async def test_a_log_that_begins_later_lacks_nothing(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 1000, 1010))
        assert short(await read(history, place(history, cursor(A, 5)))) == "a6-9 b1000-1009"


async def test_a_cursor_that_is_ahead(kept: Kept) -> None:
    """Another server's: what it has of other logs nobody knows, and that is said."""
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 0, 3))
        assert short(await read(history, place(history, cursor(A, 99)))) == "-b?-2"


async def test_a_log_that_is_followed_and_was_not_recorded_yet(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 5, 10))
        found = history.place(since.After(C.id[:8], 7), "arrival")
        assert short(await read(history, found)) == "-g8-? -a?-4 a5-9"


async def test_the_end(kept: Kept) -> None:
    async with kept.open() as history:
        assert short(await read(history, places.live(history.index, "arrival"))) == ""
        await record(history, sheet(A, 5, 10))
        end = places.live(history.index, "arrival")
        assert short(await read(history, end)) == ""
        await record(history, sheet(A, 10, 20))
        assert short(await read(history, end)) == "a10-19"


async def test_in_order_of_proof_what_is_not_recorded_is_missing(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), proof(A, 0, 10))
        await record(history, sheet(A, 20, 30), proof(A, 15, 30))
        assert short(await read(history, place(history, cursor(A, 4), "proof"))) == "a5-9 -a10-14 -a15-19 a20-29"


async def test_a_wall_clock_that_was_set_back(kept: Kept) -> None:
    async with kept.open() as history:
        for at in (START, START - 1000, START + 10):
            await record(history, replace(sheet(A, int(at - START + 2000), int(at - START + 2005)), seen=at))
        got = await read(history, place(history, str(START + 5)))
        assert got != []


def grown(files: int) -> Index:
    """A history of so many files of 40 rows: pages of A, each proven, and of B, of which nothing is; C comes last."""
    index = Index()
    for number in range(files):
        index.extend(Segment(Path(f"{number}"), b"", index.next, 0.0, None, 100, dict(index.reaches)))
        for first in range(100 * number, 100 * (number + 1), 10):
            for kind, log, start, end in (
                (Kind.PAGE, A, first, first + 10),
                (Kind.PAGE, B, first, first + 5),
                (Kind.PROVEN, A, first, first + 10),
                (Kind.PAGE, B, first + 5, first + 10),
            ):
                index.add(Row(kind, 0, log.id, 0, 0, start, end, float(first)))
    for kind in (Kind.PAGE, Kind.PROVEN):
        index.add(Row(kind, 0, C.id, 0, 0, 500, 510, 0.0))
    return index


@pytest.mark.parametrize("order", ["arrival", "proof"])
@pytest.mark.parametrize("of", ["the newest", "the middle", "what is not proven", "a late log", "a moment"])
def test_a_place_is_found_as_fast_in_a_long_history(of: str, order: places.Order, looked_at: list[int]) -> None:
    """Counted are rows: of all files those of two are looked at, at most."""
    for files in (3, 60):
        index, end = grown(files), 100 * files
        asked: dict[str, since.Since] = {
            "the newest": since.After(A.id[:8], end - 3),
            "the middle": since.After(A.id[:8], end // 2 + 3),
            "what is not proven": since.After(B.id[:8], end - 3),
            "a late log": since.After(C.id[:8], 505),
            "a moment": since.Moment(-1.0),
        }
        looked_at.clear()
        found = places.find(index, asked[of], order)
        assert len(looked_at) <= 2 * 42
        if of == "the middle":
            turn = (end // 2 + 3) // 10  # its page, or its proof
            assert found.sequence == 4 * turn + (1 if order == "arrival" else 3)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows that were looked at."""
    seen, before = list[int](), Rows.__getitem__

    def noted(rows: Rows, number: int) -> Row:
        seen.append(number)
        return before(rows, number)

    monkeypatch.setattr(Rows, "__getitem__", noted)
    return seen
