"""Where matches and alarms go besides the configured sinks: standard output, and the files that options name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from pathlib import Path
from typing import Final, TextIO, TypeVar

from certhia.cli.messages import Messages
from certhia.clock import Clock
from certhia.config import Settings
from certhia.library.applying import Swap
from certhia.library.reloading import Commit
from certhia.model import Alarm, Delivery, Match, Noting, Sink, SinkClosed
from certhia.sinks.alarms import AlarmFile
from certhia.sinks.file import File
from certhia.sinks.formats import Format
from certhia.sinks.human import wants_color
from certhia.sinks.stdout import Stdout

WATCHED: Final = ("watch.rules", "watch.files", "platforms.")  # decide whether there is anything to show
OUTLETS: Final = ("output.format", "output.color", "output.files", "output.alarms")
"""Keys that `Outlets.prepare` takes over."""

Opened = TypeVar("Opened", File, AlarmFile)


class Outlets:
    """Those of a session.

    Attributes:
        stdout: standard output, where matches are shown there.
    """

    def __init__(self, clock: Clock, messages: Messages) -> None:
        self.stdout: Stdout | None = None
        self._clock = clock
        self._messages = messages
        self._files: dict[Path, File] = {}
        self._alarms: AlarmFile | None = None
        self._dropped = 0  # by standard outputs that are no more
        self._watches: Callable[[Settings], bool] = lambda _: True
        self._opened: list[File | AlarmFile] = []  # for settings that are not in force yet

    def open(self, settings: Settings, *, watches: Callable[[Settings], bool]) -> list[Sink]:
        """The sinks that the settings want. `watches`: whether anything is looked for. Raises ConfigError."""
        output = settings.output
        self._watches = watches
        self.stdout = self._standard(settings)
        for path in output.files:
            self._files[path] = File(path)
        self._alarms = AlarmFile(output.alarms, self._clock, self._messages) if output.alarms else None
        shown = [self._shown(self.stdout)] if self.stdout is not None else []
        return [*shown, *self._files.values()]

    async def close(self) -> None:
        """Lets all of them go."""
        await self._drop()
        async with AsyncExitStack() as stack:
            for one in (self.stdout, *self._files.values(), self._alarms):
                if one is not None:
                    stack.push_async_callback(one.close)

    @property
    def dropped(self) -> int:
        """How many streamed matches were not written because a reader was too slow."""
        return self._dropped + (self.stdout.dropped if self.stdout is not None else 0)

    @property
    def unread(self) -> bool:
        """Whether nobody will read standard output any more."""
        return self.stdout is not None and self.stdout.unread

    def stream(self, match: Match) -> None:
        """A match that is not stored."""
        if self.stdout is not None:
            with suppress(SinkClosed):  # the outbox hears of it, and ends the run
                self.stdout.stream(match)

    def hears(self, alarm: Alarm, *, cleared: bool) -> None:
        """See `certhia.model.Hears`."""
        if self._alarms is not None:
            self._alarms(alarm, cleared=cleared)

    async def prepare(self, swap: Swap, before: Settings, after: Settings) -> Commit:
        """Opens what is new; what is no longer wanted goes when all is put in place. Raises ConfigError."""
        old, new = before.output, after.output
        await self._drop()
        other = self._watches(before) != self._watches(after) or (old.format, old.color) != (new.format, new.color)
        files = {path: self._files.get(path) or self._new(File(path)) for path in new.files}
        alarms = self._alarms
        if old.alarms != new.alarms:
            alarms = self._new(AlarmFile(new.alarms, self._clock, self._messages)) if new.alarms else None
        stdout = self._standard(after) if other else self.stdout

        async def commit() -> None:
            gone: list[Stdout | File] = [file for path, file in self._files.items() if path not in files]
            come: list[Sink] = [file for path, file in files.items() if path not in self._files]
            if other:
                gone += [self.stdout] if self.stdout is not None else []
                come += [self._shown(stdout)] if stdout is not None else []
            silent, self.stdout, self._files, self._alarms = self._alarms, stdout, files, alarms
            self._opened.clear()
            await swap([one.name for one in gone], come)
            for one in gone:
                await one.close()
                self._dropped += one.dropped if isinstance(one, Stdout) else 0
            if silent is not None and silent is not alarms:
                await silent.close()

        return commit

    def _new(self, one: Opened) -> Opened:
        self._opened.append(one)
        return one

    async def _drop(self) -> None:
        """Closes what was opened for settings that never came into force."""
        opened, self._opened = self._opened, []
        for one in opened:
            await one.close()

    def _standard(self, settings: Settings) -> Stdout | None:
        output = settings.output
        if output.format == "silent" or not self._watches(settings):
            return None
        color = wants_color(output.color, sys.stdout, os.environ)
        return Stdout(Format(output.format, color=color, brief=is_terminal(sys.stdout)), clock=self._clock)

    def _shown(self, stdout: Stdout) -> Sink:
        return _Aside(stdout, self._messages) if is_terminal(sys.stdout) else stdout


class _Aside:
    """Standard output on the terminal that also shows the live picture."""

    def __init__(self, sink: Sink, messages: Messages) -> None:
        self._sink = sink
        self._messages = messages

    @property
    def name(self) -> str:
        return self._sink.name

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        if self._messages.live is None:
            await self._sink.send(deliveries)
            return
        with self._messages.live.aside():
            await self._sink.send(deliveries)

    async def note(self, record: Mapping[str, object]) -> None:
        if isinstance(self._sink, Noting):
            with self._messages.live.aside() if self._messages.live is not None else nullcontext():
                await self._sink.note(record)

    async def close(self) -> None:
        await self._sink.close()


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks on."""
    return bool(getattr(stream, "isatty", lambda: False)())
