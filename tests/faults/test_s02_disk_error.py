"""S02: a disk that is full or broken: the process stops with the path and the reason, and what is stored holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.faults import preload
from tests.faults.lives import FILE
from tests.faults.test_s01_kill_anywhere import complete

# What fails without costing anything that was promised: the run may end well.
HARMLESS = (
    "unlink state/state.db-wal",  # at the end: what is in it is in the database, too
    "unlink state/state.db-shm",
    "truncate state/state.db",  # at the end, when all of the write-ahead log goes into the database: it stays, then
    "write state/state.db",
    "sync state/state.db",
    "sync state",  # of a directory, whose entry SQLite does not rely on
    "create state/state.db-wal",
    "create state/state.db-shm",  # is there: SQLite opens it to read, and somebody else of this process wrote it
    "create state/state.db",
    "mkdir state",  # is there
    "mkdir state/lists",
)


def series(which: str, kind: preload.Kind, directory: Path, root: Path) -> list[dict[str, Any]]:
    """All that happened in a series of lives."""
    if isinstance(missing := preload.library(), str):
        pytest.skip(missing)
    return preload.run("tests.faults.series", which, str(directory), str(int(kind)), root=root)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [preload.Kind.FULL, preload.Kind.BROKEN, preload.Kind.SHORT], ids=str)
def test_s02_disk_error(tmp_path: Path, root: Path, kind: preload.Kind) -> None:
    """At every kind of change that a follower makes to its files; each life begins with what the last one left."""
    *told, last, end = series("failing", kind, tmp_path, root)
    assert [life["said"] for life in told if not life["fault"] and life["status"] != 0] == []
    struck = [life for life in told if life.get("at")]
    kinds = {life["at"] for life in struck}
    assert len(kinds) > (4 if kind is preload.Kind.SHORT else 15), sorted(kinds)
    assert [(why, life) for life in struck if (why := wrong(life, tmp_path / "old"))] == []
    assert last["status"] == 0, last["said"]
    complete(end, tmp_path / "old" / FILE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [preload.Kind.FULL, preload.Kind.BROKEN], ids=str)
def test_s02_disk_error_while_a_state_is_made(tmp_path: Path, root: Path, kind: preload.Kind) -> None:
    """At every kind of change of a new database: the next start makes it, or goes on with it."""
    told = series("making", kind, tmp_path, root)
    assert len(told) > 3 * 10
    for number, (life, last, end) in enumerate(zip(told[::3], told[1::3], told[2::3], strict=True)):
        if life["at"]:
            assert wrong(life, tmp_path / str(number)) is None, life
        assert last["status"] == 0, (life, last["said"])
        complete(end, tmp_path / str(number) / FILE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [preload.Kind.FULL, preload.Kind.BROKEN, preload.Kind.SHORT], ids=str)
def test_s02_disk_error_while_evidence_is_kept(tmp_path: Path, root: Path, kind: preload.Kind) -> None:
    """At every kind of change that keeping a file of evidence takes: the next start has it, though by then the log
    shows one tree again."""
    told = series("accusing", kind, tmp_path, root)
    short = kind is preload.Kind.SHORT
    kinds = {life["at"] for life in told[::3]}
    assert len(kinds) == len(told) / 3 == (1 if short else 6), sorted(kinds)
    for number, (life, last, end) in enumerate(zip(told[::3], told[1::3], told[2::3], strict=True)):
        assert wrong(life, tmp_path / str(number)) is None, life
        assert life["status"] == 1, life
        full = "state.db: database or disk is full" in life["said"]  # so is what else was to be written
        assert "the evidence could not be written" in life["said"] or (full and kind is not preload.Kind.BROKEN)
        assert last["status"] == 0, (life, last["said"])
        assert "error: alpha: frozen at " in last["said"]
        assert end == {"unsound": None, "frozen": True, "verdicts": ["proof"]}, life


def wrong(life: dict[str, Any], directory: Path) -> str | None:
    """What is not as it must be, after a fault."""
    at, said, status = life["at"].strip(), life["said"], life["status"]
    if "Traceback" in said:
        return "it is an error that nobody expected"
    last = said.splitlines()[-1] if said else ""
    if status in (1, 2):
        # The directory and then the reason, in the last line, which is the only one of its kind.
        path = f"certhia: {directory}/"
        if not last.startswith(path) or ": " not in last.removeprefix(path) or said.count("certhia: ") != 1:
            return "the path and the reason are not told in one line"
        return None
    if status != 0:
        return "it ended otherwise"
    if at.endswith(FILE) or ("state/lists" in at and at not in HARMLESS):
        return None if str(directory) in said else "nothing was told"
    checkpoint = at == life["before"].strip() == "sync state/state.db-wal"  # at the end: the commit's own came before
    return None if at in HARMLESS or checkpoint else "it went on"
