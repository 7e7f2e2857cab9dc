"""Files of the history are found again: by their index, or record by record."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stream.histories import A, B, Kept, content, fill, flip, proof, record, sheet

from certhia.stream import segments


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(B, 3, 7), proof(A, 0, 5))
    return kept.files[0]


def rows(opened: segments.Opened) -> list[tuple[int, bytes, int, int]]:
    every = (opened.segment.rows[number] for number in range(len(opened.segment.rows)))
    return [(row.kind, row.log_id, row.first, row.end) for row in every]


ALL = [(2, A.id, 0, 10), (2, B.id, 3, 7), (3, A.id, 0, 5)]


async def test_read_to_its_end(file: Path) -> None:
    opened = segments.load(file, whole=False)
    assert rows(opened) == ALL
    assert (opened.lost, opened.whole) == (0, len(content(file)))
    assert opened.segment.logs == {A.id: A, B.id: B}
    assert opened.segment.issuers != []


async def test_by_its_index(file: Path) -> None:
    before = segments.load(file, whole=True).segment
    fill(file, content(file) + segments.finish(before))
    opened = segments.load(file, whole=False)
    assert rows(opened) == ALL
    assert opened.segment.issuers == before.issuers
    flip(file, -1)  # the trailer leads nowhere: it is read to its end
    assert rows(segments.load(file, whole=False)) == ALL


async def test_a_payload_that_is_damaged(file: Path) -> None:
    page = segments.load(file, whole=True).segment.rows[0]
    flip(file, page.offset)
    opened = segments.load(file, whole=True)
    assert rows(opened) == ALL
    assert opened.lost == 0
    assert opened.segment.read(page.offset, page.length) == b""


async def test_a_head_that_is_damaged(file: Path) -> None:
    page = segments.load(file, whole=True).segment.rows[1]
    flip(file, page.offset - 50)
    opened = segments.load(file, whole=True)
    assert rows(opened) == [ALL[0], ALL[2]]
    assert (opened.lost > 0, opened.sound) == (True, 1)


async def test_what_is_no_file_of_the_history(file: Path) -> None:
    data = content(file)
    for wrong, why in (
        (b"", "does not begin as"),
        (b"x" * 100, "does not begin as"),
        (data[:60], "first record can't be read"),
        (data[:30] + b"\xff" * 20 + data[50:], "first record can't be read"),
    ):
        fill(file, wrong)
        with pytest.raises(segments.Damaged, match=why):
            segments.load(file, whole=False)
    with pytest.raises(OSError, match="No such file"):
        segments.load(file.with_name("none"), whole=False)
