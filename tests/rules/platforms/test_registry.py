"""Types of platforms by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.config.named import PLATFORMS, types_of
from certhia.errors import ConfigError
from certhia.rules.platforms.registry import BUILT_IN, UNOFFICIAL, fetcher


def test_every_type_of_the_settings_has_what_fetches_it() -> None:
    assert sorted(types_of(PLATFORMS)) == sorted(BUILT_IN)
    assert all(callable(fetcher(kind)) for kind in BUILT_IN)
    assert set(BUILT_IN) > UNOFFICIAL


def test_others() -> None:
    with pytest.raises(ConfigError, match='"hackertwo" is no type of platform; there are bugcrowd, hackerone'):
        fetcher("hackertwo")


def test_one_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    lines = "theirs = certhia.rules.platforms.url:fetch\nbroken = none.of:it"
    (info / "entry_points.txt").write_text(f"[certhia.platforms]\n{lines}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert fetcher("theirs") is fetcher("url")
    with pytest.raises(ConfigError, match=r"none\.of:it cannot be loaded"):
        fetcher("broken")
