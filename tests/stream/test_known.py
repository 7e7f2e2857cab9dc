"""What of a page that comes again is new."""

from __future__ import annotations

from pathlib import Path

from tests.stream.histories import A, Kept, a_page, record, sheet

from certhia.stream import known


async def test_what_differs(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "history")
    async with kept.open() as history:
        await record(history, sheet(A, 0, 10), sheet(A, 10, 20))

        def new(first: int, end: int, *wrong: int) -> tuple[int, int] | None:
            page = a_page(A, first, end, version=lambda index: int(index in wrong))
            pieces, _ = history.index.covering(A.id, (first, min(end, 20)))
            part = known.new(page, pieces, 20)
            return None if part is None else (part.first, part.end)

        assert new(0, 20) is None
        assert new(5, 15) is None
        assert new(5, 25) == (20, 25)
        assert new(20, 25) == (20, 25)
        assert new(0, 20, 7) == (7, 10)  # to the end of what was recorded with it
        assert new(0, 20, 3, 12) == (3, 20)
        assert new(5, 25, 7) == (7, 25)
        kept.files[0].unlink()
        assert new(0, 20) == (0, 20)  # it can't be told
