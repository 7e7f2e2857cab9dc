"""What was sent is found again: exactly after a cursor, over restarts and crashes, or it is said what is missing."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from pathlib import Path

import pytest
from tests.stream.histories import START, A, B, Kept, cursor, place, proof, read, record, sheet, short

from certhia.stream.places import Order
from certhia.stream.since import Moment


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "history")


async def test_goes_on_exactly_after_the_cursor(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 100, 105), sheet(A, 10, 20))
        assert short(await read(history, place(history, cursor(A, 3)))) == "a4-9 b100-104 a10-19"
        assert short(await read(history, place(history, cursor(A, 9)))) == "b100-104 a10-19"
        assert short(await read(history, place(history, cursor(B, 102)))) == "b103-104 a10-19"
        assert short(await read(history, place(history, cursor(A, 19)))) == ""
    assert kept.said == []


async def test_goes_on_over_a_restart(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 100, 105))
    async with kept.open() as history:
        assert short(await read(history, place(history, cursor(A, 3)))) == "a4-9 b100-104"
        await record(history, sheet(A, 10, 20))
        assert short(await read(history, place(history, cursor(A, 3)))) == "a4-9 b100-104 a10-19"
        assert short(await read(history, place(history, cursor(A, 15)))) == "a16-19"
    assert kept.said == []


async def test_what_was_recorded_before_is_not_sent_again(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 30))
    async with kept.open() as history:
        assert await record(history, sheet(A, 5, 12)) == []
        assert await record(history, sheet(A, 12, 40)) == [("Log alpha", 30, 40)]
        assert await record(history, sheet(A, 40, 41), proof(A, 5, 41)) == [("Log alpha", 40, 41), ("Log alpha", 5, 41)]
        assert short(await read(history, place(history, cursor(A, 3)))) == "a4-40"


async def test_what_differs_is_sent_again(kept: Kept) -> None:
    """A leaf was flipped: the log is read again, and what was sent wrongly comes again, with the same cursors."""
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 20, version=1), sheet(A, 20, 30), sheet(B, 0, 5))
        assert await record(history, sheet(A, 5, 25)) == [("Log alpha", 10, 20)]
        assert await record(history, sheet(A, 25, 40)) == [("Log alpha", 30, 40)]
        got = await read(history, place(history, cursor(A, 8)))
        assert short(got) == "a9-29 b0-4 a10-19 a30-39"
        # Whoever left with a cursor of the wrong ones has not seen the right ones.
        assert short(await read(history, place(history, cursor(A, 15)))) == "a16-29 b0-4 a10-19 a30-39"
        await record(history, proof(A, 0, 40))
        proven = await read(history, place(history, cursor(A, 8)))
        wrong = [one for one in proven if one.version == 1]  # type: ignore[union-attr]
        assert len(wrong) == 10
        assert not any(one.verified for one in wrong)  # type: ignore[union-attr]
        right = await read(history, place(history, cursor(A, 5), "proof"))
        assert short(right) == "a6-39"
        assert all(one.verified and one.version == 0 for one in right)  # type: ignore[union-attr]


async def test_in_order_of_proof(kept: Kept) -> None:
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 0, 10), sheet(A, 10, 20), proof(A, 0, 15), proof(B, 0, 10))
        await record(history, sheet(A, 20, 30), proof(A, 15, 25))
        everything = "a0-14 b0-9 a15-24"
        assert short(await read(history, history.place(Moment(START - 10**6), "proof"))).endswith(everything)
        assert short(await read(history, place(history, cursor(A, 7), "proof"))) == "a8-14 b0-9 a15-24"
        assert short(await read(history, place(history, cursor(A, 14), "proof"))) == "b0-9 a15-24"
        assert short(await read(history, place(history, cursor(B, 3), "proof"))) == "b4-9 a15-24"
        # Not proven yet, so it comes from a stream in order of arrival: what arrived later is proven later.
        assert short(await read(history, place(history, cursor(A, 27), "proof"))) == ""
    async with kept.open() as history:
        assert short(await read(history, place(history, cursor(A, 7), "proof"))) == "a8-14 b0-9 a15-24"
        await record(history, proof(A, 25, 30))
        assert short(await read(history, place(history, cursor(A, 27), "proof"))) == "a28-29"


async def test_from_a_moment_on(kept: Kept) -> None:
    async with kept.open() as history:
        for minute in range(10):
            await record(history, sheet(A, minute * 10, minute * 10 + 10, seen=START - 600 + 60 * minute))
        assert short(await read(history, place(history, "-3m"))) == "a70-99"
        assert short(await read(history, place(history, str(START - 61)))) == "a90-99"
        assert short(await read(history, place(history, str(START + 10)))) == ""
        assert short(await read(history, place(history, "-1h"))) == "a0-99"


@pytest.mark.parametrize("order", ["arrival", "proof"])
async def test_a_log_that_nothing_is_known_of(kept: Kept, order: Order) -> None:
    """It may have shown nothing yet in a history that is new: a browser that is refused never comes back."""
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10))
        start = place(history, cursor(B, 3), order)
        assert start.missing[0] == (B.id[:8], 4, None, "too-old")
        assert start.sequence == history.index.first
    async with kept.open() as history:
        assert place(history, cursor(B, 3), order).missing[0].reason == "too-old"


async def test_the_oldest_goes_and_what_is_missing_is_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history", size=200_000)
    async with kept.open() as history:
        await record(history, sheet(B, 0, 7))
        for number in range(150):
            await record(history, sheet(A, number * 32, number * 32 + 32))
            assert sum(path.stat().st_size for path in kept.files) <= kept.size
        first = history.index.segments[0].reaches[A.id].end
        assert first > 0
        got = await read(history, place(history, cursor(A, 5)))
        assert short(got) == f"-a6-{first - 1} -b?-6 a{first}-{150 * 32 - 1}"
        # Of the log itself nothing is missing, of others it can't be told.
        assert short(await read(history, place(history, cursor(A, first - 1)))) == f"-b?-6 a{first}-{150 * 32 - 1}"
        assert short(await read(history, place(history, cursor(A, first)))) == f"a{first + 1}-{150 * 32 - 1}"
    async with kept.open() as history:
        assert (
            short(await read(history, place(history, cursor(A, 5)))) == f"-a6-{first - 1} -b?-6 a{first}-{150 * 32 - 1}"
        )
    assert kept.said == []


async def test_s01_kill_anywhere_loses_nothing_that_was_sent(kept: Kept, root: Path) -> None:
    chance = random.Random(1)
    for _ in range(3):
        program = [sys.executable, "-m", "tests.stream.recording", str(kept.directory)]
        process = await asyncio.create_subprocess_exec(*program, cwd=root, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 60)):
            await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = await process.stdout.read()
        await process.wait()
        sent = int(rest.split()[-1]) if b"\n" in rest else 0
        async with kept.open(ends=False) as history:
            assert history.index.losses == []
            got = short(await read(history, place(history, cursor(A, 0))))
            low, _, high = got.partition("-")
            assert (low, int(high) + 1 >= sent) == ("a1", True)
