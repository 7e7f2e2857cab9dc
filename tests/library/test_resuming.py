"""Where a scan stands, on disk."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError, StateError
from certhia.library.resuming import Record, Standing, identity

STANDING = Standing(b"k" * 16, [(0, 7), (9, 12)], {"/tmp/a.jsonl": 123})


def test_written_and_read(tmp_path: Path) -> None:
    record = Record(tmp_path, "0" * 32)
    assert record.open()
    assert record.read() is None
    record.write(STANDING)
    assert record.read() == STANDING
    assert len(STANDING.done) == 10
    record.remove()
    assert record.read() is None
    record.close()
    record.close()


def test_only_one_process_has_it(tmp_path: Path) -> None:
    record, other = Record(tmp_path, "0" * 32), Record(tmp_path, f"{1:032x}"[::-1])
    assert record.open()
    assert other.open(), "another scan"
    program = (
        "import sys; from pathlib import Path; from certhia.library.resuming import Record;"
        "print([Record(Path(sys.argv[1]), scan).open() for scan in sys.argv[2:]])"
    )
    command = [sys.executable, "-c", program, str(tmp_path), "0" * 32, "f" * 32]
    said = subprocess.run(command, timeout=30, check=True, capture_output=True, text=True)
    assert said.stdout == "[False, True]\n"
    record.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff", b'{"form":1,"key":"x","spans":[],"files":{}}'],
)
def test_what_is_damaged_is_told(tmp_path: Path, content: bytes) -> None:
    record = Record(tmp_path, "0" * 32)
    record.path.parent.mkdir()
    record.path.write_bytes(content)
    with pytest.raises(StateError, match="scan anew, without --resume"):
        record.read()


def test_spans_that_cannot_be(tmp_path: Path) -> None:
    record = Record(tmp_path, "0" * 32)
    assert record.open()
    record.write(STANDING._replace(spans=[(3, 5), (1, 2)]))
    with pytest.raises(StateError, match="out of order"):
        record.read()
    record.close()


def test_another_version(tmp_path: Path) -> None:
    record = Record(tmp_path, "0" * 32)
    record.path.parent.mkdir()
    record.path.write_text(json.dumps({"form": 2}))
    with pytest.raises(StateError, match="another version"):
        record.read()


def test_what_makes_scans_the_same(tmp_path: Path) -> None:
    targets = tmp_path / "targets.txt"
    targets.write_text("192.0.2.1\n")
    scan = ScanOptions(targets=("example.com",), targets_from=(str(targets),))
    first = identity(scan)
    assert identity(scan.model_copy(update={"rate": 5.0, "timeout": 1.0})) == first, "asked in another manner"
    assert identity(scan.model_copy(update={"ports": "8443"})) != first
    targets.write_text("192.0.2.2\n")
    assert identity(scan) != first
    with pytest.raises(ConfigError, match="can't be read again"):
        identity(ScanOptions(targets_from=("-",)))
