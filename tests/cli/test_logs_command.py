"""`certhia logs`: every known log, and why it is or isn't followed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command

from certhia.testing import World, silent


def test_as_json(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia("logs", "--json", "--log-list", log_list, "--state", state)
    assert done.status == 0
    rows = {row["description"]: row for row in json.loads(done.out)}
    assert set(rows) == {"First Log 2026", "Second Log 2026", "Third Log 2026"}
    assert {row["size"] for row in rows.values()} == {40}, "asked for, as nobody follows"
    assert {row["position"] for row in rows.values()} == {None}
    assert all(row["followed"] for row in rows.values())
    assert not state.exists() or not (state / "state.db").exists(), "looking makes no state"


def test_offline_asks_no_log(certhia: Command, log_list: str, state: Path, world: World) -> None:
    before = {name: log.traffic.total for name, log in world.logs.items()}
    rows = json.loads(certhia("logs", "--json", "--offline", "--log-list", log_list, "--state", state).out)
    assert {row["size"] for row in rows} == {None}
    assert {name: log.traffic.total for name, log in world.logs.items()} == before


def test_a_log_that_does_not_answer_is_shown_all_the_same(
    certhia: Command, log_list: str, state: Path, world: World
) -> None:
    world.logs["one"].hooks.append(silent())
    rows = json.loads(certhia("logs", "--json", "--log-list", log_list, "--state", state).out)
    assert {row["description"]: row["size"] for row in rows} == {
        "First Log 2026": None,
        "Second Log 2026": 40,
        "Third Log 2026": 40,
    }


def test_a_table(certhia: Command, log_list: str, state: Path) -> None:
    done = certhia("logs", "--log-list", log_list, "--state", state, "--deny", "Else")
    assert done.status == 0
    assert "Second Log 2026" in done.out
    assert "no: denied by 'Else'" in done.out
    assert done.out.splitlines()[-1] == "2 followed, 1 not, 3 known"
    assert "not signed" in done.err


def test_positions_of_the_state(certhia: Command, log_list: str, state: Path, world: World) -> None:
    watched = certhia(
        "watch", "example.com", "--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q"
    )
    assert watched.status == 0
    rows = json.loads(certhia("logs", "--json", "--log-list", log_list, "--state", state).out)
    assert {(row["size"], row["position"], row["lag_entries"]) for row in rows} == {(40, 40, 0)}
    assert {row["health"] for row in rows} == {"healthy"}


def test_no_list(certhia: Command, state: Path) -> None:
    done = certhia("logs", "--log-list", "missing.json", "--state", state)
    assert done.status == 2
    assert done.err.startswith("certhia: log list missing.json")
