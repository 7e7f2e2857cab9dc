from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config.sources import examine
from certhia.library.checking import check


def problems(text: str, folder: Path) -> list[str]:
    path = folder / "c.toml"
    path.write_text(text)
    found = asyncio.run(check(examine({}, path, {"HOME": "/nowhere"}), Clock()))
    return [one.replace(str(folder), "DIR") for one in found]


def test_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("a.example\n")
    text = (
        '[watch]\nrules = ["b.example"]\nfiles = ["rules.txt"]\n[output]\nfiles = ["out.csv"]\nalarms = "alarms.json"\n'
        '[sinks.file]\npath = "more.jsonl"\n[sinks.webhook]\nurl = "https://a.example/"\n'
        '[sinks.off]\ntype = "exec"\ncommand = ["/none"]\nenabled = false\n[logs]\nlog = ["https://ct.example/x/"]\n'
    )
    assert problems(text, tmp_path) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.toml", "rules.txt"], "nothing is written"


def test_all_that_is_wrong_with_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text("a.example\nbad..rule\n")
    (tmp_path / "folder.csv").mkdir()
    found = problems(
        '[watch]\nrules = [\n  "b.example",\n  "re:(",\n]\nfiles = ["rules.txt", "gone.txt"]\nexpected = ["gone"]\n'
        'roots = "gone.roots"\nprecert = true\n[read]\nca_file = "rules.txt"\n[output]\nfiles = ["/none/a.csv",\n'
        '"folder.csv"]\n[logs]\nlog = ["nonsense"]\nlog_key = ["%"]\nlog_list = ["gone.json"]\nhybrids = ["x"]\n'
        '[serve]\nlite = "/full-stream"\ntoken_file = "gone.tokens"\n[state]\nname = "no name"\n'
        '[sinks.run]\ntype = "exec"\ncommand = ["/none/program"]\n[sinks.webhook]\nurl = "https://a.example/"\n'
        'template = "gone.json"\n',
        tmp_path,
    )
    lines = {one.split(": ")[1]: one.split(": ")[0] for one in found}
    assert lines == {
        "watch.precert is an unknown key; did you mean watch.precerts?": "DIR/c.toml:9",
        "watch.rules": "DIR/c.toml:4",
        "watch.files": "DIR/c.toml:6",
        "watch.expected": "DIR/c.toml:7",
        "watch.roots": "DIR/c.toml:8",
        "read.ca_file": "DIR/c.toml:11",
        "output.files": "DIR/c.toml:14",
        "logs.log": "DIR/c.toml:16",
        "logs.log_key": "DIR/c.toml:17",
        "logs.log_list": "DIR/c.toml:18",
        "logs.hybrids": "DIR/c.toml:19",
        "serve.full": "DIR/c.toml:21",
        "serve.token_file": "DIR/c.toml:22",
        "state.name": "DIR/c.toml:24",
        "sinks.run": "DIR/c.toml:25",
        "sinks.webhook": "DIR/c.toml:28",
    }
    assert any(one.startswith('DIR/c.toml:6: watch.files: DIR/rules.txt:2:4: the rule "bad..rule"') for one in found)
    assert any("DIR/c.toml:6: watch.files: DIR/gone.txt: cannot be read" in one for one in found)
    assert any("/none/a.csv: there is no directory /none; make it first" in one for one in found)


def test_a_sink_that_needs_its_server_asks_it(tmp_path: Path, unused_tcp_port: int) -> None:
    found = problems(f'[sinks.redis]\nurl = "redis://127.0.0.1:{unused_tcp_port}"\nrequire = true\n', tmp_path)
    assert found[0].startswith("DIR/c.toml:1: sinks.redis: is required (require = true), and can't be written to")


@pytest.mark.parametrize("name", ["postgresql://a@b/c", "named", "./dir"])
def test_states_of_all_kinds(tmp_path: Path, name: str) -> None:
    assert [one for one in problems(f'[state]\nname = "{name}"\n', tmp_path) if "state.name" in one] == []
