"""The guide's page on rules: every example on it is run, and has to say what the page says."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from certhia.cli.app import run
from certhia.rules.language import parse_rule
from certhia.rules.watchlist import Watchlist

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "rules.md").read_text(encoding="utf-8")
KINDS = {
    "tree",
    "below",
    "exact",
    "cidr",
    "all",
    "keyword",
    "regex",
    "typo",
    "issuer",
    "organization",
    "key",
    "certificate",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A command on the page and what it prints."""

    command: str
    output: str


def files() -> dict[str, str]:
    """The files that the examples read, by name."""
    return dict(re.findall(r'```\w+ title="([\w.]+)"\n(.*?)```', PAGE, re.DOTALL))


def examples() -> list[Example]:
    found = re.findall(r"```console\n\$ (.+?)\n(.*?)```", PAGE, re.DOTALL)
    return [Example(command, output) for command, output in found]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.command)
def test_an_example(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files().items():
        Path(name).write_text(text, encoding="utf-8")
    program, *arguments = shlex.split(example.command)
    assert program == "certhia"
    with pytest.raises(SystemExit) as caught:
        run(arguments)
    out, err = capfd.readouterr()
    assert err == ""
    assert out == example.output
    assert caught.value.code == (0 if "matches " in out or "possible " in out or '"matched":true' in out else 1)


def test_every_kind_of_rule_has_an_example() -> None:
    arguments = [shlex.split(example.command) for example in examples()]
    rules = [parse_rule(text) for words in arguments for flag, text in pairwise(words) if flag == "-r"]
    assert {rule.kind for rule in rules} == KINDS
    assert any(rule.excludes for rule in rules)
    assert [text for text in ("scope.toml", "rules.txt") if not any(text in words for words in arguments)] == []


def test_both_forms_of_a_file_of_programmes_say_the_same(tmp_path: Path) -> None:
    told = []
    for name in ("scope.toml", "scope.yaml"):
        path = tmp_path / name
        path.write_text(files()[name], encoding="utf-8")
        watchlist = Watchlist(files=[path])
        told.append((set(watchlist.rules), {exclusion.rule for exclusion in watchlist.exclusions}))
    assert told[0] == told[1]


def test_every_way_of_writing_is_in_the_table() -> None:
    rows = re.findall(r"(?m)^\| (`.+`) \|", PAGE.partition("\n\n")[2].partition("\n\n")[0])
    written = [text for row in rows for text in re.findall(r"`(.+?)`", row)]
    kinds = {parse_rule(text.replace("SHA256", "ab" * 32).replace("RULE", "a.example")).kind for text in written}
    assert kinds == KINDS


def test_look_alikes_are_scored_as_the_page_says() -> None:
    table = PAGE.partition("| name | told as |")[2].partition("\n\n")[0]
    rows = re.findall(r"(?m)^\| (`.+`) \| (\w+), (\d+) \|$", table)
    assert len(rows) > 10
    watchlist = Watchlist("typo:paypal.com")
    for names, trick, score in rows:
        for name in re.findall(r"`(.+?)`", names):
            assert [(hit.detail, hit.score) for hit in watchlist.match_names([name])] == [(trick, int(score))], name
