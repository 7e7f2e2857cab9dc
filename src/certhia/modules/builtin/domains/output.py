"""The file of new domains: one JSON object a line, added to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from certhia.clock import Clock, iso
from certhia.errors import ConfigError
from certhia.model import Tell
from certhia.modules.batch import Entries

SILENCE: Final = 600.0  # seconds between two words on what could not be written


class Output:
    """Writes new domains down. What can't be written is counted and told; it holds nothing up."""

    def __init__(self, path: Path, most: int, *, clock: Clock, tell: Tell) -> None:
        """`most`: bytes of it, then it is put aside. Raises ConfigError where it can't be written."""
        self.path = path
        self.most = most
        self._clock = clock
        self._tell = tell
        self._lost = 0
        self._told_at = -SILENCE
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise ConfigError(f"modules.domains.file: {path}: cannot be written: {error.strerror or error}") from error

    def write(self, batch: Entries, new: Sequence[tuple[int, str]]) -> None:
        """One line a domain. A domain has no character that JSON escapes (`certhia._core.novel_domains`)."""
        page = batch.page
        about = f'"seen": {json.dumps(iso(self._clock.now()))}, "log": {json.dumps(batch.log.url)}'
        lines = [
            f'{{"domain": "{domain}", {about}, "index": {page.first + at}, "timestamp": {page.timestamp(at)}}}'
            for at, domain in new
        ]
        try:
            self._file.write(("\n".join(lines) + "\n").encode("ascii"))
            self._file.flush()
            if self._file.tell() >= self.most:
                self._turn()
        except OSError as error:
            self._failed(len(lines), error)

    def close(self) -> None:
        """Closes it."""
        try:
            self._file.close()
        except OSError as error:
            self._failed(0, error)

    def _turn(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_name(self.path.name + ".1"))
        self._file = self.path.open("ab")

    def _failed(self, lines: int, error: OSError) -> None:
        self._lost += lines
        now = self._clock.monotonic()
        if now - self._told_at >= SILENCE:
            why = error.strerror or error
            self._tell(f"{self.path}: {self._lost:,} new domains could not be written: {why}", level="warning")
            self._lost, self._told_at = 0, now
