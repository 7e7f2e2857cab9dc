"""A file of results."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.scanner.records import Failure, Result, Target
from certhia.scanner.report import formats
from certhia.scanner.report.formats import Texts
from certhia.scanner.report.leaf import leaves
from certhia.sinks.result_file import ResultFile


def result(number: int) -> Result:
    return Result(Target("x", None, None, f"192.0.2.{number}", 443), 1.0, 0.1, failure=Failure("refused", "connect"))


def made(path: Path, name: str = "jsonl", at: int | None = None) -> ResultFile:
    return ResultFile(path, Texts(name, leaves()), formats.header(name), at=at)


def addresses(path: Path) -> list[str]:
    return [json.loads(line)["ip"] for line in path.read_text().splitlines()]


def test_appended(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for numbers in ((1, 2), (3,)):
        file = made(path)
        file.take([result(number) for number in numbers])
        assert file.offset == path.stat().st_size
        file.sync()
        file.close()
        file.close()
    assert addresses(path) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]


def test_cut_back_to_a_recorded_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    file = made(path)
    file.take([result(1)])
    place = file.offset
    file.take([result(2)])
    file.close()
    file = made(path, at=place)
    file.take([result(3)])
    file.close()
    assert addresses(path) == ["192.0.2.1", "192.0.2.3"]


def test_a_file_that_is_shorter_than_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("x\n")
    with pytest.raises(ConfigError, match="has 2 bytes, and 1,000 were recorded"):
        made(path, at=1000)
    assert path.read_text() == "x\n", "nothing is touched"


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there, and 1,000 bytes of it were recorded: put it back"):
        made(tmp_path / "a.jsonl", at=1000)
    assert [*tmp_path.iterdir()] == []
    made(tmp_path / "a.jsonl", at=0).close()


@pytest.mark.parametrize("torn", ['{"timestamp":1.0,"tar', '{"time', "{"])
def test_a_torn_line_is_cut_off(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"ip":"192.0.2.1"}\n' + torn)
    file = made(path)
    file.take([result(2)])
    file.close()
    assert addresses(path) == ["192.0.2.1", "192.0.2.2"]


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("a note without an end")
    file = made(path)
    file.take([result(1)])
    file.close()
    note, line = path.read_text().splitlines()
    assert (note, json.loads(line)["ip"]) == ("a note without an end", "192.0.2.1")


def test_a_header_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for number in (1, 2):
        file = made(path, "csv")
        file.take([result(number)])
        file.close()
    lines = path.read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("timestamp,target,")
    with pytest.raises(ConfigError, match="has other columns"):
        (tmp_path / "b.csv").write_text("a,b\n")
        made(tmp_path / "b.csv", "csv")


def test_one_that_was_renamed_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    file = made(path)
    file.take([result(1)])
    path.rename(tmp_path / "old.jsonl")
    file.take([result(2)])
    file.close()
    assert (addresses(tmp_path / "old.jsonl"), addresses(path)) == (["192.0.2.1"], ["192.0.2.2"])


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        made(tmp_path / "none" / "a.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(ConfigError, match="is a named pipe"):
        made(tmp_path / "pipe.jsonl")


def test_a_disk_that_is_full() -> None:
    file = made(Path("/dev/full"))
    with pytest.raises(OSError, match="results cannot be written: No space left"):
        file.take([result(1)])
    file.close()
