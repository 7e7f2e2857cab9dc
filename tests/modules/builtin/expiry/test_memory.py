"""What was told, over restarts."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.modules.builtin.expiry import memory as module
from certhia.modules.builtin.expiry.ledger import Told
from certhia.modules.builtin.expiry.memory import Memory


class Says:
    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append(text)


def test_it_is_read_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "told.json", Says())
    memory.told = {"a.example": Told(1000, 30.0), "old.example": Told(10, 0.0)}
    memory.save(500.0, 100.0)
    assert Memory(tmp_path / "told.json", Says()).told == {"a.example": Told(1000, 30.0)}, "without what is long over"
    assert [path.name for path in tmp_path.iterdir()] == ["told.json"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"a":1}', b'{"a":["x",1]}', b"[" * 100_000])
def test_a_damaged_one_is_moved_aside(tmp_path: Path, damage: bytes) -> None:
    path, says = tmp_path / "told.json", Says()
    path.write_bytes(damage)
    assert Memory(path, says).told == {}
    assert (tmp_path / "told.broken").read_bytes() == damage
    assert says.said[0].startswith(f"{path}: cannot be read (")


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOLD", 2)
    memory = Memory(tmp_path / "told.json", Says())
    memory.told = {f"n{number}.example": Told(number, 0.0) for number in range(1, 6)}
    memory.save(0.0, 0.0)
    assert sorted(memory.told) == ["n4.example", "n5.example"]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    says = Says()
    memory = Memory(tmp_path / "told.json", says)
    tmp_path.joinpath("told.new").mkdir()
    memory.save(0.0, 0.0)
    assert says.said == [f"{tmp_path}/told.json: cannot be written: Is a directory; after a restart some is told again"]
