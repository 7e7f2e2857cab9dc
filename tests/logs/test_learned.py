"""What logs said of themselves, on disk: there and back, bounded, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.logs import learned
from certhia.logs.learned import Learned, of

ONE, TWO = "https://one.test/", "https://two.test/"


def test_there_and_back(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert learned.read(folder) == {}
    first, second = of({"key": "a", "mmd": 60}, tiled=True), of({"key": "b"}, tiled=False)
    learned.write(folder, {ONE: first})
    learned.write(folder, {TWO: second})
    assert learned.read(folder) == {ONE: first, TWO: second}
    learned.write(folder, {ONE: second})
    assert learned.read(folder) == {ONE: second, TWO: second}
    assert [path.name for path in folder.iterdir()] == [learned.FILE]


def test_only_what_is_of_use_is_kept(tmp_path: Path) -> None:
    assert of({"key": "a", "log_spec": "x"}, tiled=True) == Learned({"key": "a"}, tiled=True)
    learned.write(tmp_path, {ONE: of({"description": "x" * learned.MAX_ENTRY}, tiled=True)})
    assert learned.read(tmp_path) == {}


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"version": 1}',
        b'{"version": 2, "logs": {}}',
        b'{"version": 1, "logs": []}',
        b'{"version": 1, "logs": {"https://one.test/": 5}}',
        b'{"version": 1, "logs": {"https://one.test/": {"entry": [], "tiled": true}}}',
    ],
)
def test_what_makes_no_sense(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / learned.FILE).write_bytes(stored)
    with pytest.raises(ValueError):  # noqa: PT011  (of any kind)
        learned.read(tmp_path)
    learned.write(tmp_path, {ONE: of({"key": "a"}, tiled=True)})
    assert list(learned.read(tmp_path)) == [ONE]


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned.write(tmp_path, {ONE: of({"key": "a"}, tiled=True)})
    monkeypatch.setattr(learned, "MAX_FILE", 20)
    with pytest.raises(ValueError, match="larger than 20 bytes"):
        learned.read(tmp_path)
