"""certhia sinks: what is configured, and a sample to one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.sinks.receiving import receiving_beside


def test_a_sample_and_what_came_back(certhia: Command, tmp_path: Path) -> None:
    file = tmp_path / "certhia.toml"
    with receiving_beside() as receiver:
        file.write_text(
            f'[sinks.hook]\ntype = "webhook"\nurl = "{receiver.url}"\n'
            'programmes = ["acme*"]\nevents = ["match", "alarm"]\n'
            '[sinks.file]\ntype = "file"\npath = "out.jsonl"\nenabled = false\n[sinks.nobody]\ntype = "webhook"\n'
            'url = "http://127.0.0.1:9/token"\n'
        )
        done = certhia("sinks", "test", "hook", "--config", file)
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("hook: taken in ")
        assert done.out.endswith(" ms: 200 ''\n")
        assert receiver.requests[0].content["program_name"] == "A sample of Certhia"
    done = certhia("sinks", "test", "file", "--config", file)
    assert done.status == 0
    assert json.loads((tmp_path / "out.jsonl").read_text())["matched_domain"] == "certhia-sample.example"
    done = certhia("sinks", "test", "nobody", "--config", file)
    assert done.status == 1
    assert done.out.startswith("nobody: not taken: RemoteError: http://127.0.0.1:9/...: cannot connect")
    done = certhia("sinks", "test", "none", "--config", file)
    assert done.status == 2
    assert "there is no such sink; configured are: hook, file, nobody" in done.err
    assert certhia("sinks", "list", "--config", file).out.splitlines() == [
        "hook: webhook; events: match, alarm; programmes: acme*",
        "file: file, not enabled",
        "nobody: webhook",
    ]


def test_none(certhia: Command, tmp_path: Path) -> None:
    file = tmp_path / "certhia.toml"
    file.write_text("")
    assert "no sink is configured" in certhia("sinks", "list", "--config", file).out
