"""A layer's file: made whole, told from damaged ones, sized for its error rate."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.modules.builtin.paging import entries_for

from certhia._core import novel_domains, seen_fill
from certhia.errors import ConfigError
from certhia.modules.builtin.domains.layer import BLOCK, HEADER, BrokenLayer, Layer, Shape, blocks_for, make

KEY = bytes(range(16))
SHAPE = Shape(3, KEY, blocks_for(1000, 0.001), 1000, 0.001, 1.5e9)


def test_what_was_added_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "seen-003.set"
    make(path, SHAPE)
    assert path.stat().st_blocks * 512 >= SHAPE.nbytes, "its room is taken when it is made"
    layer = Layer(path)
    assert (layer.shape, layer.fill()) == (SHAPE, (0.0, 0.0))
    page = entries_for(["a.example", "b.example"]).page
    assert novel_domains(page, [layer.blocks], KEY).count == 2
    layer.close()
    assert path.stat().st_size == HEADER + BLOCK * SHAPE.blocks
    layer = Layer(path)
    assert novel_domains(page, [layer.blocks], KEY).count == 0
    layer.close()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("rate", [0.1, 0.01, 0.001, 0.0001, 0.00001])
def test_the_error_rate_is_the_one_that_it_is_made_for(rate: float) -> None:
    shape = replace(SHAPE, blocks=blocks_for(20_000, rate))
    memory = bytearray(BLOCK * shape.blocks)
    novel_domains(entries_for([f"d{number}.example" for number in range(20_000)]).page, [memory], KEY)
    count, found = seen_fill(memory)
    assert count == pytest.approx(20_000, rel=0.02 + 2 * rate)
    assert found == pytest.approx(rate, rel=0.2)


def test_sizes() -> None:
    bits = {rate: blocks_for(1_000_000, rate) * 512 / 1_000_000 for rate in (0.01, 0.001, 0.0001)}
    assert {rate: round(each, 1) for rate, each in bits.items()} == {0.01: 10.1, 0.001: 15.7, 0.0001: 23.6}
    assert blocks_for(1, 0.1) == 1


@pytest.mark.parametrize(
    "damage, words",
    [
        (b"", "does not begin as one of them does"),
        (b"something else".ljust(HEADER), "does not begin as one of them does"),
        (SHAPE.header()[:40] + b"\xff" + SHAPE.header()[41:], "has a damaged beginning"),
        (SHAPE.header(), r"has 4,096 bytes, where [0-9,]+ belong"),
    ],
)
def test_a_damaged_file_is_none(tmp_path: Path, damage: bytes, words: str) -> None:
    path = tmp_path / "seen-001.set"
    path.write_bytes(damage)
    with pytest.raises(BrokenLayer, match=words):
        Layer(path)


def test_a_full_disk_is_told_before_anything_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(ConfigError, match=r"MB for seen domains cannot be had: No space left on device; make room"):
        make(tmp_path / "seen-001.set", SHAPE)
    assert list(tmp_path.iterdir()) == []
