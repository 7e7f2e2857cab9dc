"""One run of the pipeline in a terminal: settings to parts, signals, the live picture, figures, the summary."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, TextIO

from certhia.cli import collector, report
from certhia.cli.messages import Messages
from certhia.cli.outlets import OUTLETS, WATCHED, Outlets, is_terminal
from certhia.cli.progress import Live, heading, line
from certhia.cli.stopping import stop_on
from certhia.clock import Clock
from certhia.config import Settings
from certhia.events.bus import Bus
from certhia.library.applying import rules_step
from certhia.library.assembly import Given, assemble
from certhia.library.exposing import EXPOSED, Exposing
from certhia.library.reloading import Again, Commit, Reloading, Step
from certhia.library.setup import rules_of
from certhia.logs.budget import Signal
from certhia.memory import keep_memory
from certhia.net import contact_notice, raise_file_limit
from certhia.pipeline import Pipeline
from certhia.reload import Reloaded
from certhia.rules.nothing import NOTHING
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.sinks.human import wants_color
from certhia.store.place import state_place

if TYPE_CHECKING:
    from certhia.library.scoping import Scoping
    from certhia.library.serving import Serving

SPEAKING = (
    "output.stats",
    "output.quiet",
    "output.verbose",
    "output.progress",
    "output.log_format",
    "log.levels",
)  # keys of what we say ourselves
DRAWS = 0.25  # seconds between two pictures
READER_ASKED = 0.5  # seconds between two looks whether anybody reads standard output


class Session:
    """`certhia watch` with these settings."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        seconds: float | None = None,
        lasting: bool = True,
        backfill: str = "",
        serve: bool = False,
        again: Again | None = None,
    ) -> None:
        """`seconds`: ends by itself after that time. `lasting`: whether the state is there afterwards. `backfill`: a
        request for one, which is all that is done then. `serve`: serves the stream too, with or without rules.
        `again`: how the settings are read again, where they may change."""
        self._settings = settings
        self._clock = clock or Clock()
        self._seconds = seconds
        self._lasting = lasting
        self._backfill = backfill
        self._again = again
        self._steps: list[Step] = []  # how other settings are taken over
        self._changed = Signal()  # of the output's settings
        self._messages = Messages(
            self._clock, format=settings.output.log_format, least=_least(settings), levels=settings.log.levels
        )
        self._outlets = Outlets(self._clock, self._messages)
        self._serving: Serving | None = None
        if serve:
            from certhia.library.serving import Serving

            self._serving = Serving(settings, self._clock, self._messages)

    async def run(self) -> int:
        """Runs until stopped; gives the exit status. Raises CerthiaError."""
        async with AsyncExitStack() as stack:
            pipeline = await self._build(stack)
            collector.settle()
            self._on_signals(pipeline)
            exposing = Exposing(self._settings, pipeline, self._clock, self._messages)
            stack.push_async_callback(exposing.close)
            await exposing.start(self._serving)
            self._steps.insert(0, Step(EXPOSED, exposing.prepare))
            if self._serving is not None:
                await self._serving.start(pipeline, exposing.inside)
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(self._figures(pipeline)), group.create_task(self._healths(pipeline))]
                beside += [group.create_task(work) for work in exposing.works()]
                if self._seconds is not None:
                    beside.append(group.create_task(self._stop_after(self._seconds, pipeline)))
                beside.append(group.create_task(self._stop_unread(pipeline)))
                if (live := self._live(pipeline)) is not None:
                    beside.append(group.create_task(self._draw(live)))
                serving = group.create_task(self._serving.run()) if self._serving is not None else None
                try:
                    summary = await pipeline.run()
                finally:
                    if self._serving is not None and serving is not None:
                        self._serving.stop()
                        await asyncio.wait([serving])
                        await self._serving.close()
                    for task in beside:
                        task.cancel()
                    if live is not None:
                        live.close()
            if not self._settings.output.quiet:
                say = self._messages.write if self._settings.output.log_format == "text" else self._messages
                dropped = self._outlets.dropped
                state = (self._settings.state.name or "") if self._lasting else None
                for text in report.summary(
                    summary, dropped=dropped, state=state, names_only=self._settings.serve.names_only
                ):
                    say(text)
        return 0

    # --- building ---

    def _watches(self, settings: Settings) -> bool:
        """Whether anything is looked for: a server need not."""
        watch = settings.watch
        platforms = any(one.enabled for one in settings.platforms.each.values())
        return self._serving is None or bool(watch.rules or watch.files or platforms)

    async def _build(self, stack: AsyncExitStack) -> Pipeline:
        settings, clock = self._settings, self._clock
        may_watch, empty = self._watches(settings) or self._again is not None, self._serving is not None
        scoping = self._scoping() if may_watch else None
        watched = (
            rules_of(settings.watch.rules, settings.watch.files, clock, self._messages, scoping, empty=empty)
            if may_watch
            else None
        )
        if scoping is not None and watched is not None:
            scoping.remake = watched.again
        roots = Roots.load(settings.watch.roots) if settings.watch.roots else None
        stack.push_async_callback(self._outlets.close)
        sinks = self._outlets.open(settings, watches=self._watches)
        for text in (*(watched.current.notices if watched else ()), contact_notice(settings.read.contact)):
            if text:
                self._messages(text)
        raise_file_limit()
        keep_memory()
        reloading = self._reloading(watched, scoping)
        given = Given(
            rules=lambda: watched.current if watched is not None and len(watched.current) else NOTHING,
            reloads=[
                *([reloading.settings] if reloading is not None else ()),
                *([watched] if watched and (settings.watch.files or scoping is not None) else ()),
                *(self._serving.reloads if self._serving is not None else ()),
            ],
            roots=roots,
            sinks=sinks,
            stream=self._outlets.stream,
            place=state_place(settings.state.name),
            backfill=self._backfill,
            heard=[self._outlets.hears],
            hub=self._serving.hub if self._serving is not None else None,
            clock=clock,
            tell=self._messages,
            steps=reloading.steps if reloading is not None else None,
            outlets=lambda swap: Step((*OUTLETS, *WATCHED), partial(self._outlets.prepare, swap)),
            bus=Bus(clock, self._messages),
            scoping=scoping,
            source="watch" if self._serving is None else "serve",
        )
        return await assemble(settings, given, stack)

    def _scoping(self) -> Scoping | None:
        """Bug bounty platforms; None where there are none, nor can be."""
        if self._again is None and not self._settings.platforms.each:
            return None
        from certhia.library.scoping import Scoping

        return Scoping(self._settings.platforms, self._clock, self._messages)

    def _reloading(self, rules: Reloaded[Watchlist] | None, scoping: Scoping | None) -> Reloading | None:
        """What takes over other settings; None where they can't change."""
        if self._again is None:
            return None
        idle = ("scan.",) if self._serving is not None else ("scan.", "serve.")
        reloading = Reloading(self._settings, self._again, idle=idle, clock=self._clock, tell=self._messages)
        self._steps = reloading.steps
        reloading.steps.append(Step(SPEAKING, self._speak))
        if rules is not None:
            reloading.steps.append(rules_step(rules, scoping, empty=self._serving is not None))
        if scoping is not None:
            reloading.steps.append(scoping.step(empty=self._serving is not None))
        if self._serving is not None:
            from certhia.library.serving import LIVE

            reloading.steps.append(Step(LIVE, self._serving.prepare))
        return reloading

    async def _speak(self, before: Settings, after: Settings) -> Commit:
        del before

        def commit() -> None:
            self._settings = self._settings.model_copy(update={"output": after.output, "log": after.log})
            self._messages.adopt(format=after.output.log_format, least=_least(after), levels=after.log.levels)
            self._changed.fire()

        return commit

    def _coloured(self, stream: TextIO) -> bool:
        return wants_color(self._settings.output.color, stream, os.environ)

    # --- showing ---

    def _live(self, pipeline: Pipeline) -> Live | None:
        output = self._settings.output
        if output.quiet or output.log_format != "text" or not is_terminal(sys.stderr):
            return None
        if not output.progress and self._again is None:
            return None
        colour = self._coloured(sys.stderr)

        def lines(width: int) -> Sequence[str]:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            statuses = pipeline.statuses()
            for status in statuses:
                status.tick(monotonic)
            rows = [line(status, now, width, colour=colour) for status in statuses]
            return [heading(width), *rows, report.totals(pipeline.summary(), width)]

        self._messages.live = Live(sys.stderr, lines)
        return self._messages.live

    async def _draw(self, live: Live) -> None:
        while True:
            if self._settings.output.progress:
                live.draw()
            else:
                live.clear()
            await self._clock.sleep(DRAWS)

    async def _stop_after(self, seconds: float, pipeline: Pipeline) -> None:
        await self._clock.sleep(seconds)
        pipeline.stop()

    async def _stop_unread(self, pipeline: Pipeline) -> None:
        """`| head` ends it also where no further match comes that could not be written."""
        while not self._outlets.unread:
            await self._clock.sleep(READER_ASKED)
        pipeline.stop()

    async def _figures(self, pipeline: Pipeline) -> None:
        while True:
            if await self._quiet_for(self._settings.output.stats):
                for text in report.figures(pipeline):
                    self._messages(text)

    async def _healths(self, pipeline: Pipeline) -> None:
        while True:
            output = self._settings.output
            if await self._quiet_for(output.health_interval if output.verbose else None):
                for text in report.healths(pipeline.statuses()):
                    self._messages(text)

    async def _quiet_for(self, seconds: float | None) -> bool:
        """Whether so much time went by in which the settings of the output stayed as they are; None: without end."""
        try:
            async with self._clock.deadline(seconds or None):
                await self._changed.wait()
        except TimeoutError:
            return True
        return False

    def _on_signals(self, pipeline: Pipeline) -> None:
        def stop() -> None:
            if self._serving is not None:
                self._serving.stop()
            pipeline.stop()

        stop_on(
            (signal.SIGINT, signal.SIGTERM), stop, self._clock
        )  # at once when asked twice: what is committed is safe
        terminals = [stream for stream in (sys.stdout, sys.stderr) if is_terminal(stream)]

        def reload() -> None:
            if any(not is_terminal(stream) for stream in terminals):
                pipeline.stop()  # not a request: the terminal is gone
            pipeline.reload()

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def _least(settings: Settings) -> str:
    """The lowest level of what is said."""
    return "warning" if settings.output.quiet else "debug" if settings.output.verbose else "info"
