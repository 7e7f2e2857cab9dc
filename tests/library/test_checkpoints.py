"""What a running scan writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from certhia.errors import StateError
from certhia.library.checkpoints import EVERY, Checkpoints
from certhia.library.resuming import Record, Standing
from certhia.scanner.records import Failure, Result, Target
from certhia.scanner.report.formats import Texts
from certhia.scanner.report.leaf import leaves
from certhia.scanner.supply import RANGES
from certhia.sinks.result_file import ResultFile
from certhia.testing import SimClock, run_simulated

KEY = b"k" * 16


def result(place: int | None) -> Result:
    target = Target("x", None, None, "192.0.2.1", 443, place=place)
    return Result(target, 1.0, 0.1, failure=Failure("refused", "connect"))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    made = Record(tmp_path / "state", "0" * 32)
    assert made.open()
    return made


def made(record: Record, file: ResultFile, standing: Standing | None = None) -> Checkpoints:
    return Checkpoints(record, standing or Standing(KEY), [file], file.take, SimClock())


def opened(tmp_path: Path, at: int | None = None) -> ResultFile:
    return ResultFile(tmp_path / "a.jsonl", Texts("jsonl", leaves()), at=at)


def test_results_and_what_they_count_go_together(tmp_path: Path, record: Record) -> None:
    file = opened(tmp_path)
    points = made(record, file)
    assert record.read() == Standing(KEY, [], {str(file.path): 0}), "before the first result"
    points.take([result(0), result(RANGES), result(None)])
    points.skip(range(1, 4))
    points.write()
    assert record.read() == Standing(KEY, [(0, 4), (RANGES, RANGES + 1)], {str(file.path): file.offset})
    points.take([result(4)])
    file.close()
    standing = record.read()
    assert standing is not None
    again = opened(tmp_path, standing.files[str(file.path)])
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 3, "what was not recorded is cut off"
    points = made(record, again, standing)
    assert points.done == 5
    points.take([result(4)])
    points.write()
    resumed = record.read()
    assert resumed is not None
    assert resumed.spans == [(0, 5), (RANGES, RANGES + 1)]
    again.close()
    record.close()


def test_what_a_slow_reader_has_not_got_is_not_done(record: Record) -> None:
    given, written = 0, 0
    points = Checkpoints(
        record, Standing(KEY), [], lambda _: None, SimClock(), given=lambda: given, written=lambda: written
    )

    def spans() -> object:
        standing = record.read()
        return standing and standing.spans

    points.take([result(0)])
    given = 10
    points.write()
    assert spans() is None
    points.take([result(1)])
    given, written = 20, 10
    points.write()
    assert spans() == [(0, 1)], "what is there by now, not what came since"
    points.write()
    assert spans() == [(0, 1)]
    written = 15
    points.write_all()
    assert spans() == [(0, 1)], "it never arrived"
    written = 20
    points.write_all()
    assert spans() == [(0, 2)]
    record.close()


def test_nothing_is_left_of_a_scan_that_is_complete(tmp_path: Path, record: Record) -> None:
    file = opened(tmp_path)
    points = made(record, file)
    points.complete()
    assert record.read() is None
    file.close()
    record.close()


def test_without_a_record_nothing_is_written_down(tmp_path: Path) -> None:
    record = Record(tmp_path / "state", "0" * 32)
    file = opened(tmp_path)
    points = made(record, file)
    points.take([result(0)])
    points.write()
    points.complete()
    assert not (tmp_path / "state").exists()
    file.close()


def test_what_was_not_written_does_not_count(tmp_path: Path, record: Record) -> None:
    def fails(_: Sequence[Result]) -> None:
        raise OSError(28, "No space left on device")

    points = Checkpoints(record, Standing(KEY), [], fails, SimClock())
    with pytest.raises(OSError, match="No space"):
        points.take([result(0)])
    assert points.done == 0
    record.close()


def test_every_second(tmp_path: Path, record: Record) -> None:
    async def main() -> Standing | None:
        clock = SimClock()
        points = Checkpoints(record, Standing(KEY), [], lambda _: None, clock)
        points.take([result(0)])
        writing = asyncio.ensure_future(points.run())
        await clock.sleep(2.5 * EVERY)
        writing.cancel()
        return record.read()

    standing = run_simulated(main())
    assert standing is not None
    assert standing.spans == [(0, 1)]
    record.close()


def test_a_state_that_cannot_be_written(tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    points = Checkpoints(record, Standing(KEY), [], lambda _: None, SimClock())
    points.take([result(0)])
    monkeypatch.setattr("certhia.library.resuming.replace", full)
    with pytest.raises(StateError, match="make room"):
        points.write()
    record.close()
