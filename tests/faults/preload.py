"""The library disk.c in this process: has its n-th change of a file fail, fall short, or be the last thing it does."""

from __future__ import annotations

import ctypes
import functools
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from enum import IntEnum
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("disk.c")
SHARED = 4 << 20  # bytes: of the counters, and of a line for each call
HEAD = 2 * ctypes.sizeof(ctypes.c_long)


class Kind(IntEnum):
    """What happens at the chosen call; as in disk.c."""

    NOTHING = 0  # calls are only written down
    KILL = 1  # SIGKILL before it
    KILL_HALF = 2  # after half of what it writes
    KILL_AFTER = 3
    FULL = 4  # ENOSPC, from then on for all that needs room
    BROKEN = 5  # EIO, once
    SHORT = 6  # half of it is written, then ENOSPC


class Calls:
    """What a process that was armed has done to files so far; shared with it, and there when it is gone."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, SHARED)

    def clear(self) -> None:
        """Forgets all."""
        self._memory[:HEAD] = bytes(HEAD)

    @property
    def lines(self) -> list[str]:
        """`operation path` of each call, in order; the path as seen from the directory."""
        used = int.from_bytes(self._memory[HEAD // 2 : HEAD], sys.byteorder)
        return os.fsdecode(self._memory[HEAD : HEAD + used]).splitlines()

    @property
    def struck(self) -> str:
        """The chosen call; "" where it did not come."""
        end = int.from_bytes(self._memory[: HEAD // 2], sys.byteorder)
        return os.fsdecode(self._memory[HEAD : HEAD + end]).rstrip("\n").rpartition("\n")[2]

    @property
    def before(self) -> str:
        """The call before the chosen one."""
        end = int.from_bytes(self._memory[: HEAD // 2], sys.byteorder)
        return os.fsdecode(self._memory[HEAD : HEAD + end]).rstrip("\n").rpartition("\n")[0].rpartition("\n")[2]

    def arm(self, directory: Path, kind: Kind, part: str, number: int) -> None:
        """From now on this process's calls on files below `directory` are written down. `kind` happens to the
        `number`th whose line has `part` in it."""
        where = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        if preloaded():
            ctypes.CDLL(None).disk_fault(
                os.fsencode(directory) + b"/", ctypes.c_int(kind), os.fsencode(part), ctypes.c_long(number),
                ctypes.c_void_p(where), ctypes.c_long(SHARED),
            )  # fmt: skip


def preloaded() -> bool:
    """Whether the library is in this process."""
    return hasattr(ctypes.CDLL(None), "disk_fault")


@functools.cache
def library() -> Path | str:
    """disk.c, compiled; or why it can't be had here."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not sys.platform.startswith("linux"):
        return "calls of the system are made to fail on Linux only"
    if compiler is None:
        return "no C compiler, which builds tests/faults/disk.c"
    target = Path(tempfile.mkdtemp(prefix="certhia-disk-")) / "disk.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(target), str(SOURCE), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    return target if built.returncode == 0 else f"tests/faults/disk.c could not be built: {built.stderr[-500:]}"


def run(module: str, *arguments: str, root: Path) -> list[dict[str, Any]]:
    """Runs a module, with the library preloaded where there is one; gives the JSON lines of its standard output."""
    built = library()
    # Without coverage: most of these processes are killed, and it would take half of their time.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "CERTHIA_"))}
    if isinstance(built, Path):
        kept["LD_PRELOAD"] = str(built)
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=root, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
