"""Blocks of the right size, of the pages and issuers that files hold."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stream.histories import A, Kept, a_page, flip, messages, record, sheet, wanted

from certhia._core import Filter
from certhia.stream.groups import Group
from certhia.stream.history import History
from certhia.stream.index import Piece
from certhia.stream.reading import CHAINS, TARGET, Given, Reader, Shelf


def given(history: History) -> list[Given]:
    rows = history.index.ascending(A.id)
    return [Given(Piece(one, one.row.first, one.row.end), A, 0) for one in rows]


async def test_blocks_are_of_one_size(tmp_path: Path) -> None:
    async with Kept(tmp_path / "history").open() as history:
        await record(history, sheet(A, 0, 2000))
        piece, log, verified = given(history)[0]
        reader = Reader(Group(wanted()), Shelf())
        sizes, indices = [], []
        while piece.start < piece.end:
            read = reader.read([Given(piece, log, verified)], 1.0)
            assert read.block is not None
            sizes.append(len(read.block.data))
            indices += [one.index for one in messages(read.block)]
            piece = piece._replace(start=read.upto or piece.end)
        assert indices == list(range(2000))
        assert max(sizes) < 1.2 * TARGET
        assert min(sizes[3:-1]) > 0.8 * TARGET


async def test_small_pages_are_read_together(tmp_path: Path) -> None:
    async with Kept(tmp_path / "history").open() as history:
        for number in range(8):
            await record(history, sheet(A, number * 3, number * 3 + 3))
        read = Reader(Group(wanted()), Shelf()).read(given(history), 1.0)
        assert read.block is not None
        assert (read.done, read.upto, read.block.count) == (8, 0, 24)


async def test_chains_come_from_the_file(tmp_path: Path) -> None:
    async with Kept(tmp_path / "history").open() as history:
        await record(history, sheet(A, 0, 3))
        shelf = Shelf()
        read = Reader(Group(wanted(kind="full")), shelf).read(given(history), 1.0)
        assert read.block is not None
        data = json.loads(read.block.data.split(b"\n")[1].removeprefix(b"data: "))["data"]
        assert len(data["chain"]) == len(a_page(A, 0, 3).issuers) > 0
        assert 0 < len(shelf.issuers) < CHAINS


async def test_filters_apply(tmp_path: Path) -> None:
    async with Kept(tmp_path / "history").open() as history:
        await record(history, sheet(A, 0, 300))
        nothing, everything = (Filter([("tree", name)]) for name in ("example.org", "example.com"))
        reader = Reader(Group(wanted(filter=nothing)), Shelf())
        assert reader.read(given(history), 1.0).block is None
        read = Reader(Group(wanted(filter=everything)), Shelf()).read(given(history), 1.0)
        assert read.block is not None
        assert read.block.count > 0


async def test_what_cant_be_read_is_said(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 3), sheet(A, 3, 6))
        pieces = given(history)
        row = pieces[1].piece.stored.row
        flip(kept.files[0], row.offset)
        read = Reader(Group(wanted()), Shelf()).read(pieces, 1.0)
        assert read.block is not None
        assert (read.block.count, read.done, read.fault is not None) == (3, 1, True)
