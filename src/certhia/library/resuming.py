"""Where a scan stands, on disk: what `--resume` goes on from, whenever the scan ended and however.

A file in the state for each scan, found by what is scanned. It is written anew every second, after the results that
it counts are on the disk: results behind the recorded place of a file are of targets that are not recorded as done, so
they are cut off, and those targets are asked again. A scan that has come to its end leaves none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError, StateError
from certhia.logs.kept import replace
from certhia.scanner.resume import Done, Span
from certhia.scanner.supply import RANGES
from certhia.store.place import prepare

FORM: Final = 1  # of the file
LARGEST: Final = 64 << 20  # bytes
# What makes two scans the same: all that decides which targets there are, in which order.
SAME: Final = ("targets", "targets_from", "ports", "exclude", "allow_private", "starttls", "sni", "all_ips")


class Standing(NamedTuple):
    """Where a scan stands.

    Attributes:
        key: of the order in which ranges are visited.
        spans: places of the plan that are done.
        files: how many bytes of each file hold their results.
    """

    key: bytes
    spans: Sequence[Span] = ()
    files: Mapping[str, int] = {}

    @property
    def done(self) -> Done:
        """To be gone on with. Raises ValueError for spans that can't be."""
        return Done(RANGES, self.spans)


def identity(options: ScanOptions) -> str:
    """32 hex digits: the same for the same scan. Files of targets count by their content. Raises ConfigError."""
    chosen = options.model_dump(mode="json", include=set(SAME))
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode())
    for name in (*options.targets_from, *options.exclude):
        path = Path(name)
        if name == "-":
            raise ConfigError("standard input can't be read again: write the targets to a file to --resume their scan")
        with suppress(OSError, ValueError):  # whoever reads it says what is wrong
            if path.is_file():
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


class Record:
    """The file of one scan. Held from `open` to `close`: one process at a time."""

    def __init__(self, directory: Path, scan: str) -> None:
        """`directory`: of the state. `scan`: its identity."""
        self._scan = scan
        self._directory = directory / "scans"
        self.path = self._directory / f"{scan}.json"
        self._lock = -1

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._lock >= 0

    def open(self) -> bool:
        """Whether it is ours now; False where another process has it. Raises StateError."""
        prepare(self._directory)
        place = self._directory / "lock"
        try:
            self._lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # One file for all scans: a byte of it for each, far behind its end.
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(self._scan[:15], 16))
        except (BlockingIOError, PermissionError):
            self.close()
            return False
        except OSError as error:
            raise StateError(f"{place}: {error.strerror}: --state names a directory that can be written") from error
        return True

    def close(self) -> None:
        """Lets go of it. Idempotent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def read(self) -> Standing | None:
        """What was written last; None where there is nothing. Raises StateError for what can't be read."""
        try:
            with self.path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: the state must be readable") from error
        try:
            return self._of(json.loads(content))
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(f"{self.path}: is damaged ({error}): scan anew, without --resume") from error

    def _of(self, held: Mapping[str, object]) -> Standing:
        if held["form"] != FORM:
            raise StateError(f"{self.path}: was written by another version: resume with that, or scan without --resume")
        spans, files = held["spans"], held["files"]
        if not isinstance(spans, list) or not isinstance(files, dict):
            raise TypeError("not what is written there")
        standing = Standing(
            bytes.fromhex(str(held["key"])),
            [(int(start), int(end)) for start, end in spans],
            {str(name): int(size) for name, size in files.items()},
        )
        _ = standing.done  # raises ValueError for what can't be
        return standing

    def write(self, standing: Standing) -> None:
        """Puts it in the place of what was there, on the disk when this returns. Raises StateError."""
        held = {
            "form": FORM,
            "scan": self._scan,
            "key": standing.key.hex(),
            "spans": standing.spans,
            "files": dict(standing.files),
        }
        try:
            replace(self.path, json.dumps(held, separators=(",", ":")).encode())
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: make room, or see what is wrong with the disk") from error

    def remove(self) -> None:
        """The scan has come to its end. Raises StateError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{self.path}: {error.strerror}: --state names a directory that can be written") from error
