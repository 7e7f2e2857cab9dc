from __future__ import annotations

from pathlib import Path

from certhia.config.sources import from_values
from certhia.library.guarding import guarding_of


def test_by_the_settings(tmp_path: Path) -> None:
    plain = guarding_of(from_values({}), tmp_path)
    assert (plain.interval, plain.places, plain.poll, plain.limited) == (300, (tmp_path,), 30, False)
    settings = from_values(
        {
            "output.health_interval": 60,
            "output.files": [tmp_path / "a" / "b.jsonl"],
            "output.alarms": tmp_path / "c" / "alarms",
            "read.poll_static": 40,
            "read.max_rate": 5,
            'logs."https://ct.example/x/".poll': "10m",
        }
    )
    full = guarding_of(settings, tmp_path)
    assert (full.interval, full.poll, full.limited) == (60, 600, True)
    assert full.places == (tmp_path, tmp_path / "a", tmp_path / "c")
