"""One follower at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from certhia.errors import StateError
from certhia.store.lock import Held, Lock, begun, holder

HOLD = """
import sys
from pathlib import Path
from certhia.store.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_follower_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    with pytest.raises(Held, match=rf"process {os.getpid()} already follows.*--state NAME"):
        Lock(tmp_path)
    lock.release()
    lock.release()
    Lock(tmp_path).release()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(StateError, match=f"process {process.pid} already follows"):
            Lock(tmp_path)
        process.kill()
        process.wait()
        Lock(tmp_path).release()


def test_what_stands_in_the_file_is_shown_only_if_it_is_a_process(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.path.write_bytes(b"\x1b[31m\n")
    with pytest.raises(StateError, match="another process already follows"):
        Lock(tmp_path)
    lock.release()


def test_a_lock_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"gone/lock: No such file or directory"):
        Lock(tmp_path / "gone")


def test_who_holds_it_is_told_without_taking_it(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    lock = Lock(tmp_path)
    assert [holder(tmp_path), holder(tmp_path)] == [os.getpid()] * 2
    lock.path.write_text("nobody\n")
    assert holder(tmp_path) == 0
    lock.release()
    assert holder(tmp_path) is None, "a file that is left behind"
    Lock(tmp_path).release()


def test_a_lock_that_cannot_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="must be readable"):
        holder(tmp_path / "file")


def test_when_it_was_taken(tmp_path: Path) -> None:
    assert begun(tmp_path) is None
    lock = Lock(tmp_path, 1234.5)
    assert (holder(tmp_path), begun(tmp_path)) == (os.getpid(), 1234.5)
    with pytest.raises(Held, match=f"process {os.getpid()} already follows"):
        Lock(tmp_path)
    for content in (b"", b"77\n", b"77\nsoon\n"):
        lock.path.write_bytes(content)
        assert begun(tmp_path) is None
    lock.release()
