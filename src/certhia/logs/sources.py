"""All logs that are known: those of the lists, and those that the user names by URL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from certhia.clock import Clock
from certhia.errors import CerthiaError, ConfigError, RemoteError
from certhia.logs import learned
from certhia.logs.hybrids import Hybrids
from certhia.logs.learned import Learned
from certhia.logs.lists import Lists, Loaded
from certhia.logs.named import Resolved, resolve
from certhia.logs.select import Choice, log_url, missing
from certhia.logs.single import Singles
from certhia.model import Log
from certhia.net import Transport


@dataclass(slots=True)
class Sources:
    """Loads the lists, and what is known of logs that no list has.

    A log named by URL is asked at each load until it answers; what it says is kept in `folder` (None keeps nothing).
    """

    lists: Lists
    choice: Choice
    keys: Sequence[bytes]
    transport: Transport
    clock: Clock
    hybrids: Hybrids
    folder: Path | None = None
    singles: Singles = field(default_factory=Singles)
    _found: dict[str, Log] = field(default_factory=dict)  # by what the user wrote; they answered in this run
    _kept: dict[str, Learned] | None = None  # by URL
    _told: frozenset[str] = frozenset({""})

    async def load(self) -> Loaded:
        """All known logs. A notice is given once, until it changes; a log that can't be reached is one of `warnings`.

        Raises ConfigError and RemoteError as `Lists.load` does; at the first load also ConfigError as `resolve` does,
        and RemoteError where none of the only logs that are wanted can be reached.
        """
        loaded = await self.lists.load()
        notices, warnings, first = list(loaded.notices), list[str](), self._kept is None
        if self._kept is None:
            self._kept = await self._read(warnings)
        unlisted = missing(tuple(dict.fromkeys((*self.choice.only, *self.choice.add))), loaded.logs)
        answers = await self._ask([text for text in unlisted if text not in self._found], self._kept)
        errors = [answer for answer in answers.values() if not isinstance(answer, Resolved)]
        if first:
            self._check(errors)
        warnings += [f"{error}; asked again when the lists are loaded again" for error in errors]
        named = {text: answer for text, answer in answers.items() if isinstance(answer, Resolved)}
        for answer in named.values():
            (warnings if answer.learned is None else notices).append(answer.notice)
        await self._keep(named, self._kept, warnings)
        logs = self._found | {text: answer.log for text, answer in named.items()}
        warnings += [
            f'logs."{url}": no log that is known has this URL; `certhia logs` lists them'
            for url in self.singles.strange((*loaded.logs, *logs.values()))
        ]
        known = {log.id for log in loaded.logs}
        more = {logs[text].id: logs[text] for text in unlisted if text in logs and logs[text].id not in known}
        before, self._told = self._told, frozenset((*notices, *warnings, ""))
        new = tuple(dict.fromkeys(text for text in (*notices, *warnings) if text not in before))
        wrong = loaded.warnings.union(warnings)
        return replace(loaded, logs=(*loaded.logs, *more.values()), notices=new, warnings=wrong)

    async def _ask(self, wanted: Sequence[str], kept: dict[str, Learned]) -> dict[str, Resolved | CerthiaError]:
        """What is found out about each of `wanted`, or why nothing is."""

        async def ask(text: str) -> Resolved | CerthiaError:
            try:
                return await resolve(text, self.transport, self.clock, keys=self.keys, hybrids=self.hybrids, kept=kept)
            except (ConfigError, RemoteError) as error:
                return error

        async with asyncio.TaskGroup() as tasks:
            running = {text: tasks.create_task(ask(text)) for text in wanted}
        return {text: task.result() for text, task in running.items()}

    def _check(self, errors: Sequence[CerthiaError]) -> None:
        """What ends a run at its start: a log that is named wrongly, or no other log to follow than ones that fail."""
        for error in errors:
            if isinstance(error, ConfigError):
                raise error
        named = (*self.choice.only, *self.choice.add)
        if errors and self.choice.only and len(errors) == len(dict.fromkeys(named)):
            raise errors[0]

    async def _read(self, warnings: list[str]) -> dict[str, Learned]:
        """What earlier runs learned of logs named by URL, if any is."""
        if self.folder is None or not (self.choice.only or self.choice.add):
            return {}
        try:
            return await asyncio.to_thread(learned.read, self.folder)
        except (OSError, ValueError) as error:
            warnings.append(f"{self.folder / learned.FILE}: can't be used, so the logs are asked anew: {error}")
            return {}

    async def _keep(self, named: dict[str, Resolved], kept: dict[str, Learned], warnings: list[str]) -> None:
        """Remembers what the logs said just now, in this run and for later ones."""
        fresh = {}
        for text, answer in named.items():
            url = log_url(text)
            if answer.learned is not None and url is not None:
                self._found[text] = answer.log
                fresh[url] = answer.learned
        changed = {url: one for url, one in fresh.items() if kept.get(url) != one}
        kept.update(fresh)
        if changed and self.folder is not None:
            try:
                await asyncio.to_thread(learned.write, self.folder, changed)
            except OSError as error:
                warnings.append(f"logs named by URL: what they said could not be kept for the next start: {error}")
