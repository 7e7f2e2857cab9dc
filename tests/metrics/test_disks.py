"""How much room is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from certhia.metrics import disks
from certhia.metrics.disks import Disks


async def test_each_place_once(tmp_path: Path) -> None:
    found = await Disks().free([tmp_path, tmp_path])
    assert list(found) == [str(tmp_path)]
    assert found[str(tmp_path)] > 0


async def test_a_disk_that_can_not_be_asked_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def free(path: Path) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disks, "free", free)
    assert await Disks().free([tmp_path]) == {}


async def test_a_disk_that_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disks, "ANSWER", 0.0)
    one = Disks()
    assert await one.free([tmp_path]) == {}
    asking = one._asking
    assert asking is not None
    assert await one.free([tmp_path]) == {} or asking.done()  # the same thread is waited for, no other begun
    await asyncio.wait([asking])
    if one._asking is not None:
        assert one._asking is asking
        assert str(tmp_path) in await one.free([tmp_path])
