"""New domains as lines of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.modules.builtin.matching import LOG, Around
from tests.modules.builtin.paging import entries_for

from certhia.clock import iso
from certhia.errors import ConfigError
from certhia.modules.builtin.domains.output import Output
from certhia.testing import SimClock


def made(around: Around, most: int = 10**6) -> Output:
    path = around.directory / "new.jsonl"
    return Output(path, most, clock=around.clock, tell=around.outside.tell)


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path, SimClock())


def test_a_line_says_what_when_and_where(around: Around) -> None:
    output = made(around)
    output.write(entries_for(["a.example"], ["b.example"], first=7), [(1, "b.example")])
    output.close()
    (line,) = output.path.read_text().splitlines()
    assert json.loads(line) == {
        "domain": "b.example",
        "seen": iso(around.clock.now()),
        "log": LOG.url,
        "index": 8,
        "timestamp": 0,
    }


def test_a_large_file_is_put_aside(around: Around) -> None:
    output = made(around, most=200)
    for number in range(3):
        output.write(entries_for(["a.example"]), [(0, f"d{number}.example"), (0, f"e{number}.example")])
    output.close()
    assert output.path.read_text() == ""
    assert "d2.example" in (around.directory / "new.jsonl.1").read_text()


def test_what_cannot_be_written_is_told_once(around: Around) -> None:
    output = Output(Path("/dev/full"), 10**6, clock=around.clock, tell=around.outside.tell)
    for _ in range(3):
        output.write(entries_for(["a.example"]), [(0, "a.example")])
    output.close()
    assert around.said == ["/dev/full: 1 new domains could not be written: No space left on device"]


def test_where_nothing_can_be_written(around: Around) -> None:
    with pytest.raises(ConfigError, match=r"modules.domains.file: .*: cannot be written: Is a directory"):
        Output(around.directory, 1, clock=around.clock, tell=around.outside.tell)
