"""A file for node_exporter: whole at every moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from certhia.metrics.text import Seen
from certhia.metrics.writing import Writing
from certhia.testing import SimClock, in_simulated_time


class Rig:
    """Collects how often it was asked."""

    def __init__(self, file: str) -> None:
        self.said: list[str] = []
        self.asked = 0
        self.writing = Writing(file, 15.0, self.collect, SimClock(), self.tell)

    def tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append(text)

    async def collect(self) -> Seen:
        self.asked += 1
        return Seen([("certhia_matches_total", (), float(self.asked))])


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_it_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path / "certhia.prom"))
    for _ in range(2):
        await rig.writing.write()
    assert names(tmp_path) == ["certhia.prom"]
    assert b"\ncerthia_matches_total 2.0\n" in (tmp_path / "certhia.prom").read_bytes()


async def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    await Rig("-").writing.write()
    assert "certhia_matches_total 1.0\n\n" in capsys.readouterr().out


async def test_a_disk_that_takes_nothing_is_told_of_once(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    rig = Rig(str(folder / "certhia.prom"))
    await rig.writing.write()
    await rig.writing.write()
    folder.mkdir()
    await rig.writing.write()
    assert rig.said == [
        f"metrics can't be written to {folder}/certhia.prom: No such file or directory; tried again",
        f"metrics are written to {folder}/certhia.prom again",
    ]


@in_simulated_time
async def test_now_and_then_by_the_interval(tmp_path: Path) -> None:
    rig = Rig(str(tmp_path / "certhia.prom"))
    task = asyncio.get_running_loop().create_task(rig.writing.run())
    await asyncio.wait([task], timeout=40.0)
    task.cancel()
    await asyncio.wait([task])
    assert rig.asked == 3
