"""Platforms of other packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from certhia.config import load
from certhia.config.platforms import PluginPlatform
from certhia.config.platforms.plugin import GROUP, installed
from certhia.errors import ConfigError


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another package that is installed."""
    info = tmp_path / "site" / "theirs-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nimmunefi = certhia.rules.platforms.url:fetch\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return "immunefi"


def test_what_is_installed_has_a_table(theirs: str, tmp_path: Path) -> None:
    assert isinstance(installed()[theirs], EntryPoint)
    path = tmp_path / "c.toml"
    path.write_text(
        f'[platforms.{theirs}]\nurl = "https://a.example/"\n[platforms.b]\ntype = "{theirs}"\noptions = {{ x = "y" }}\n'
    )
    one, other = load({}, path, {}).platforms.each.values()
    assert isinstance(one, PluginPlatform)
    assert (one.type, one.url) == (theirs, "https://a.example/")
    assert isinstance(other, PluginPlatform)
    assert other.options == {"x": "y"}


def test_what_is_not_installed_is_no_type(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[platforms.x]\ntype = "immunefi"\n')
    with pytest.raises(ConfigError, match='"immunefi" is no type of platform'):
        load({}, path, {})
