from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

from certhia.testing import World


def test_it_goes_on_where_ct_scout_stood(
    certhia: Command, log_list: str, state: Path, world: World, tmp_path: Path
) -> None:
    theirs = tmp_path / "ct-scout-state.toml"
    urls = {name: log.model.url for name, log in world.logs.items()}
    theirs.write_text(f'"{urls["one"]}" = 38\n"https://gone.example/" = 5\n')
    done = certhia("state", "import", theirs, "--log-list", log_list, "--state", state)
    assert done.status == 0
    assert done.out.splitlines() == [
        "First Log 2026: goes on at entry 38",
        "1 taken over, 0 were there, 1 unknown",
    ]
    assert "https://gone.example/: no known log has this URL" in done.err

    watch = ("watch", "example.com", "--until", "now", "-f", "jsonl", "--log-list", log_list, "--state", state)
    read = certhia(*watch, "--patience", "0", "--allow", "First*")
    assert read.status == 0
    assert [json.loads(line)["index"] for line in read.out.splitlines()] == [38, 39]

    again = certhia("state", "import", theirs, "--log-list", log_list, "--state", state)
    assert again.out.splitlines()[-1] == "0 taken over, 1 were there, 1 unknown"
    assert "First Log 2026: has a position already, which stays" in again.err


def test_what_is_no_state(certhia: Command, tmp_path: Path, log_list: str, state: Path) -> None:
    done = certhia("state", "import", tmp_path / "none.toml", "--log-list", log_list, "--state", state)
    assert done.status == 2
    assert "cannot be read" in done.err
