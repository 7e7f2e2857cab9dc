"""Disks that are nearly full."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from certhia.alarms import space


def disk(free: int, files: int = 5) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, 10**9, free // 4096, free // 4096, 10, files, files, 0, 255))


def test_room_where_a_path_is_or_would_be(tmp_path: Path) -> None:
    there = space.free(tmp_path)
    assert there > 0
    assert space.free(tmp_path / "not" / "yet" / "made") > 0


@pytest.mark.parametrize(
    "free, files, ill", [(space.LEAST, 5, False), (space.LEAST - 4096, 5, True), (1 << 40, 0, True)]
)
def test_too_little_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, files: int, ill: bool) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: disk(free, files))
    found = space.short_of_room([tmp_path, tmp_path])
    assert bool(found) is ill
    for text in found.values():
        assert text.startswith(f"{tmp_path}: ")
        assert "make room" in text


def test_it_is_over_when_there_is_some_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found, seen = dict[str, str](), []
    for left in (space.LEAST, space.LEAST - 4096, space.LEAST, space.ENOUGH - 4096, space.ENOUGH, space.LEAST):
        monkeypatch.setattr(os, "statvfs", lambda _, free=left: disk(free))
        found = space.short_of_room([tmp_path], found)
        seen.append(bool(found))
    assert seen == [False, True, True, True, False, False]


def test_a_disk_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "statvfs", fail)
    assert list(space.short_of_room([tmp_path]).values()) == [
        f"{tmp_path}: how much room is left can't be told: Input/output error"
    ]
