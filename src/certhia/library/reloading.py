"""Other settings while the program runs: taken over by difference, all of them or none.

    file changes, or SIGHUP ──▶ settings anew ──▶ what differs ──▶ prepare each step ──▶ commit all ──▶ hearers

What can go wrong goes wrong while steps are prepared, and changes nothing. A commit only puts in place.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from certhia.clock import Clock
from certhia.config import Settings, default_file, load
from certhia.config.differing import announce, differences, fields_in, told
from certhia.config.keys import needs_restart
from certhia.config.sources import examine, file_of
from certhia.errors import CerthiaError, ConfigError, StateError
from certhia.model import Tell
from certhia.reload import Reloaded

PATIENCE: Final = 30.0  # seconds that steps have to prepare: new lists may come from far away

Commit = Callable[[], Awaitable[None] | None]
Prepare = Callable[[Settings, Settings], Awaitable[Commit]]


class Again(NamedTuple):
    """How settings are read again: `load` raises ConfigError for bad ones. `secrets`: files that they name besides."""

    load: Callable[[], Settings]
    file: Path
    secrets: Callable[[], Sequence[Path]] = tuple


def again_of(flags: Mapping[str, object], file: Path | None, environment: Mapping[str, str] = os.environ) -> Again:
    """For settings that were loaded from these. A file that was there at the start must stay; the usual one may come
    later."""
    path = file_of(file, environment)
    return Again(
        lambda: load(flags, path, environment),
        path or default_file(environment),
        lambda: examine(flags, path, environment).secrets,
    )


class Step(NamedTuple):
    """Takes some keys over. `keys`: whole ones, or with a mark at their end (`.`, `"`, `_`) what they begin with."""

    keys: Sequence[str]
    prepare: Prepare

    def has(self, key: str) -> bool:
        """Whether a key is one of its."""
        return any(key.startswith(one) if one.endswith((".", '"', "_")) else key == one for one in self.keys)


class Reloading:
    """Keeps the settings of a run as its file has them.

    Attributes:
        settings: those of now, read again when the file changes, or when asked.
        steps: who takes over what. The last ones are prepared last: whoever can't prepare without doing comes last.
    """

    def __init__(self, settings: Settings, again: Again, *, idle: Sequence[str], clock: Clock, tell: Tell) -> None:
        """`settings`: those that hold. `idle`: what keys begin with that mean nothing to this run."""
        self._tell = tell
        self._clock = clock
        self._idle = tuple(idle)
        self.steps: list[Step] = []
        self._again = again
        self.settings: Reloaded[Settings] = Reloaded(
            "settings", self._files(), again.load, told, clock=clock, tell=tell, take=self._take
        )
        self.settings.current = settings

    async def _take(self, before: Settings, after: Settings) -> None:
        changes = differences(before, after)
        changed = [key for key in changes if not key.startswith(self._idle)]
        known = fields_in(before, after)
        fixed = [key for key in changed if needs_restart(known[key]) or not any(step.has(key) for step in self.steps)]
        if fixed:
            named = ", ".join(fixed)
            raise ConfigError(f"{named}: can't change while this runs; restart, or undo that: nothing was taken over")
        touched = [step for step in self.steps if any(step.has(key) for key in changed)]
        try:
            async with self._clock.deadline(PATIENCE):
                commits = [await step.prepare(before, after) for step in touched]
        except ConfigError:
            raise
        except (CerthiaError, OSError, TimeoutError) as error:
            raise ConfigError(str(error) or f"took longer than {PATIENCE:.0f} s") from error
        except Exception as error:  # a fault in our own code: it costs this change, and nothing is half taken over
            raise ConfigError(f"a fault of ours, please report it: {type(error).__name__}: {error}") from error
        for commit in commits:
            await self._put(commit)
        if changes:
            announce(changes, self._tell)
        with suppress(ConfigError):  # they have changed again just now: the next look says so
            self.settings.follow(await asyncio.to_thread(self._files))

    def _files(self) -> list[Path]:
        """All that say what the settings are."""
        return [self._again.file, *self._again.secrets()]

    async def _put(self, commit: Commit) -> None:
        """A fault in one must not keep the others from being put in place: they were taken over together."""
        try:
            waits = commit()
            if waits is not None:
                await waits
        except StateError:
            raise
        except Exception as error:  # noqa: BLE001
            text = f"a fault of ours while new settings were put in place, please report it: {type(error).__name__}: "
            self._tell(f"{text}{error}; restart to be sure of them", level="error")
