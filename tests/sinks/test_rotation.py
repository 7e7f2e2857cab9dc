from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

from tests.sinks.conftest import MAKE
from tests.sinks.sending import Said, outside

from certhia.config.sinks import FileSink
from certhia.sinks.file import open_file
from certhia.sinks.rotation import Rotation, asides
from certhia.testing import SimClock

DAY = 86_400.0
NOON = 1_795_176_000.0  # 2026-11-20T12:00:00Z


def lines(path: Path) -> list[str]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return text.splitlines()


async def test_by_size_compressed_and_the_oldest_gone(make: MAKE, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    settings = FileSink(path=path, rotate_size=2_000, keep=3, gzip=True)
    sink = await open_file("f", settings, outside())
    for number in range(8):
        await sink.send([make(number)])
    await sink.close()
    there = sorted(asides(path), key=lambda one: (len(one.name), one.name))
    assert [one.suffix for one in there] == [".gz"] * 3
    told = [json.loads(line)["cert_index"] for one in (*there, path) for line in lines(one)]
    assert told == [1004, 1005, 1006, 1007]


async def test_every_table_has_its_header(make: MAKE, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    sink = await open_file("f", FileSink(path=path, rotate_size=900), outside())
    for number in range(3):
        await sink.send([make(number)])
    await sink.close()
    files = [*asides(path), path]
    assert len(files) == 3
    assert all(lines(one)[0].startswith("timestamp,") and len(lines(one)) == 2 for one in files)


async def test_by_the_day(make: MAKE, tmp_path: Path) -> None:
    path, clock = tmp_path / "m.jsonl", SimClock(NOON)
    rotation = Rotation(clock, Said(), every=DAY)
    assert not rotation.is_due(100, NOON - DAY / 2, 1)
    assert rotation.is_due(100, NOON - DAY / 2 - 1, 1)
    assert not rotation.is_due(0, 0, 1)
    sink = await open_file("f", FileSink(path=path, rotate_every=DAY, gzip=True), outside())
    await sink.send([make(1)])
    os.utime(path, (NOON, NOON))  # written some day before
    await sink.send([make(2)])
    await sink.close()
    assert [len(lines(one)) for one in (*asides(path), path)] == [1, 1]


def test_what_a_crash_left_is_tidied(tmp_path: Path) -> None:
    path = tmp_path / "[m].jsonl"
    (tmp_path / "[m]-20261120T120000Z.jsonl").write_text("one\n")
    (tmp_path / "[m]-20261120T120001Z.jsonl.gz.part").write_text("half")
    (tmp_path / "[m]-other.jsonl").write_text("not ours\n")
    Rotation(SimClock(NOON), Said(), size=1, compress=True).tidy(path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["[m]-20261120T120000Z.jsonl.gz", "[m]-other.jsonl"]
    assert lines(tmp_path / "[m]-20261120T120000Z.jsonl.gz") == ["one"]


def test_several_in_a_second_keep_their_order(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    rotation = Rotation(SimClock(NOON), Said(), size=1, keep=2)
    for number in range(12):
        path.write_text(str(number))
        rotation.put_aside(path)
    rotation.tidy(path)
    assert sorted(one.read_text() for one in tmp_path.iterdir()) == ["10", "11"]


def test_what_can_not_be_tidied_is_said(tmp_path: Path) -> None:
    said = Said()
    (tmp_path / "m-20261120T120000Z.jsonl").mkdir()
    Rotation(SimClock(NOON), said, size=1, compress=True).tidy(tmp_path / "m.jsonl")
    assert "put aside, and can't be tidied: Is a directory" in said.texts[0]
