"""What was told of each name, in a file: so that a restart tells nothing twice."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from certhia.model import Tell
from certhia.modules.builtin.expiry.ledger import Told

LARGEST: Final = 256 << 20  # bytes
MAX_TOLD: Final = 1_000_000  # names


class Memory:
    """A file, written anew with each change; it is there whole or not at all.

    Attributes:
        told: by name. Whoever changes it calls `save`.
    """

    def __init__(self, path: Path, tell: Tell) -> None:
        """Reads it. One that is damaged is moved aside and told of."""
        self._path = path
        self._tell = tell
        self.told: dict[str, Told] = {}
        try:
            with path.open("rb") as file:
                raw = file.read(LARGEST)
            for name, (not_after, before) in json.loads(raw).items():
                self.told[str(name)] = Told(int(not_after), float(before))
        except FileNotFoundError:
            return
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            self.told = {}
            aside = path.with_suffix(".broken")
            path.replace(aside)
            tell(
                f"{path}: cannot be read ({error}); it is kept as {aside.name}, and some is told again", level="warning"
            )

    def save(self, now: float, kept: float) -> None:
        """Writes it down, without what ended so many seconds ago. What can't be written is told, and is told of again
        after a restart."""
        self.told = {name: one for name, one in self.told.items() if one.not_after > now - kept}
        if len(self.told) > MAX_TOLD:
            last = sorted(self.told.items(), key=lambda item: item[1].not_after)[-MAX_TOLD:]
            self.told = dict(last)
        new = self._path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(json.dumps(self.told, separators=(",", ":")).encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            why = error.strerror or error
            self._tell(f"{self._path}: cannot be written: {why}; after a restart some is told again", level="error")
