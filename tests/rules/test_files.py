from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.rules.files import SHOWN, read_file


def test_one_rule_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("example.com\n# comment\n*.example.org  # below\n192.0.2.0/24\n")
    assert [rule.kind for rule in read_file(path)] == ["tree", "below", "cidr"]


@pytest.mark.parametrize("name", ["scope.toml", "scope.TOML"])
def test_programmes_by_suffix(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('[[programs]]\nname = "Acme"\ndomains = ["acme.example"]\n')
    assert [rule.programme for rule in read_file(path)] == ["Acme"]


def test_every_bad_line_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("https://a.example\ngood.example\nb c\n")
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    first, second = str(caught.value).splitlines()
    assert first == f'{path}:1: the rule "https://a.example" is a URL; write its host: a.example'
    assert second.startswith(f"{path}:3: ")


def test_but_not_more_than_anybody_reads(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("a b\n" * 1000)
    with pytest.raises(ConfigError) as caught:
        read_file(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1].endswith("there are more problems; mend these first")
