from __future__ import annotations

from pathlib import Path

import pytest

from certhia.config.document import MOST_VALUES, place, read
from certhia.errors import ConfigError


def test_what_a_file_holds_and_where(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("\n[read]\nmax_rate = 3\n")
    document = read(path)
    assert document.content == {"read": {"max_rate": 3}}
    assert document.at("read", "max_rate") == f"{path}:3"
    assert document.at("read", "memory") == f"{path}:2"
    assert document.at("watch") == str(path)
    assert place(path, None) == str(path)


def test_a_byte_order_mark_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf[read]\n")
    assert read(path).content == {"read": {}}


def test_yaml_by_its_extension(tmp_path: Path) -> None:
    path = tmp_path / "a.YML"
    path.write_text("read:\n  max_rate: 3\n")
    document = read(path)
    assert document.content == {"read": {"max_rate": 3}}
    assert document.at("read", "max_rate") == f"{path}:2"


def test_aliases_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9)]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match=f"its aliases make more than {MOST_VALUES:,} values of it"):
        read(path)
    path.write_text("read: &a\n  x: *a\n")
    with pytest.raises(ConfigError, match=r"a.yaml:1:7: contains itself by an alias"):
        read(path)


def test_a_device_has_no_end() -> None:
    with pytest.raises(ConfigError, match=r"/dev/zero: is larger than 1 MiB"):
        read(Path("/dev/zero"))
