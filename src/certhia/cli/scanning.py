"""One scan in a terminal: settings to parts, signals, the live picture, figures, the summary."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from certhia.cli import collector
from certhia.cli.messages import Messages
from certhia.cli.outputs import Outputs
from certhia.cli.progress import Live, age
from certhia.cli.stopping import stop_on
from certhia.clock import Clock
from certhia.config import Settings
from certhia.errors import ConfigError, StateError
from certhia.events.bus import Bus
from certhia.library.checkpoints import Checkpoints
from certhia.library.extracting import extractors_of
from certhia.library.inquiry import Inquiry
from certhia.library.planning import kinds_of
from certhia.library.relaying import LAST, STOPPED, Relaying, relaying_of
from certhia.library.reporting import Reporting
from certhia.library.resuming import Record, Standing, identity
from certhia.library.storing import stored
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result
from certhia.scanner.report.document import Figures
from certhia.scanner.report.leaf import leaves
from certhia.scanner.report.tally import Tally
from certhia.sinks.human import wants_color
from certhia.store.place import state_place

if TYPE_CHECKING:
    from certhia.library.keeping import Keeping

LARGE = 1 << 20  # targets that are worth a word at the beginning
DRAWS = 0.25  # seconds between two pictures
READER_ASKED = 0.5  # seconds between two looks whether anybody reads standard output
MODES = {frozenset({"address"}): "ip_scan", frozenset({"host"}): "url_scan"}


class Scanning:
    """`certhia scan` with these settings."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or Clock()
        self._tally = Tally(leaves())
        self._stopped = False
        self._before = 0  # targets that an earlier run has done

    async def run(self) -> int:
        """Runs until all are asked, or stopped; gives the exit status. Raises CerthiaError."""
        with _log(self._settings.scan.log_file) as stream:
            self._messages = Messages(
                self._clock,
                format=self._settings.output.log_format,
                least=self._least(),
                levels=self._settings.log.levels,
                stream=stream,
            )
            async with AsyncExitStack() as stack:
                return await self._run(stack)

    async def _run(self, stack: AsyncExitStack) -> int:
        settings, clock = self._settings, self._clock
        rules = Watchlist(*settings.watch.rules, files=settings.watch.files) if _watches(settings) else None
        record, standing = await asyncio.to_thread(self._recorded)
        stack.callback(record.close)
        places = standing.files if standing is not None else None
        outputs = self._outputs(places)
        stack.push_async_callback(outputs.close)
        standing = standing or Standing(secrets.token_bytes(16))
        keeping = self._keeping()
        if keeping is not None:
            stack.callback(keeping.close)

        def written() -> int:
            if keeping is not None:  # before that is written down whose results they are
                keeping.flush()
            return outputs.written()

        checkpoints = Checkpoints(
            record, standing, outputs.files, outputs.take, clock, given=outputs.given, written=written
        )
        self._before = checkpoints.done
        reporting, relaying = await self._telling(standing.key.hex(), stack)
        reporting.before = self._before

        def take(results: Sequence[Result]) -> None:
            # What was cut off is not done: the next run asks it again.
            told = [one for one in results if one.failure is None or one.failure.kind != "stopped"]
            if keeping is not None:
                keeping.take(told)
            checkpoints.take(told)
            self._tally.take(told)
            if relaying is not None:
                relaying.take(told)
            reporting.take(told)

        modules = await stack.enter_async_context(AsyncExitStack())
        inquiry = Inquiry(
            settings.scan,
            rules,
            take,
            outputs.behind,
            clock,
            self._messages,
            standing=standing,
            skipped=checkpoints.skip,
            extract=await extractors_of(
                settings, modules, reporting.bus, clock=clock, tell=self._messages, scan=standing.key.hex()
            ),
        )
        reporting.total = lambda: inquiry.total
        collector.settle(fetching=False)
        self._on_signals(inquiry)
        began = clock.monotonic()
        await self._told(self._until_done(inquiry, outputs, checkpoints), reporting, relaying)
        seconds = clock.monotonic() - began
        await outputs.drain()
        await asyncio.to_thread(checkpoints.write_all)
        if keeping is not None:
            await asyncio.to_thread(keeping.flush)
        await outputs.finish(self._figures_of(seconds, inquiry))
        await modules.aclose()  # while sinks are still told of it
        if relaying is not None:
            await relaying.finish(STOPPED if self._stopped else LAST)
        if not self._stopped and outputs.written() >= outputs.given():
            checkpoints.complete()
        self._say_how_it_ended(seconds, record)
        return 0

    def _outputs(self, places: Mapping[str, int] | None) -> Outputs:
        """Where results go. `places`: see `Standing.files`."""
        return Outputs(
            self._settings.scan,
            self._messages,
            color=self._coloured(sys.stdout),
            mode=MODES.get(kinds_of(self._settings.scan), "mixed_scan"),
            places=places,
            patient=lambda: not self._stopped,
        )

    async def _telling(self, scan: str, stack: AsyncExitStack) -> tuple[Reporting, Relaying | None]:
        """Who is told what happens, and what is found, besides the outputs. `scan`: its id."""
        settings, clock, tell = self._settings, self._clock, self._messages
        bus = Bus(clock, tell)
        at, most = state_place(settings.state.name), settings.state.max_events
        await stack.enter_async_context(stored(bus, at, most, clock, tell, made=settings.scan.keep))
        relaying = await relaying_of(settings, scan, stack, bus, clock=clock, tell=tell)
        return Reporting(bus, scan, [*settings.scan.targets, *settings.scan.targets_from], clock), relaying

    async def _told(self, work: Coroutine[Any, Any, None], reporting: Reporting, relaying: Relaying | None) -> None:
        """The scan itself, and how it ended: that it failed is told to sinks too."""
        try:
            async with reporting.running(lambda: self._stopped):
                await work
        except Exception:
            if relaying is not None:
                await relaying.finish(STOPPED)
            raise

    def _keeping(self) -> Keeping | None:
        """What keeps observations, where they are to be kept. Raises StateError."""
        if not self._settings.scan.keep:
            return None
        from certhia.library.keeping import Keeping
        from certhia.store.observations import Observations

        return Keeping(Observations(state_place(self._settings.state.name).directory))

    def _least(self) -> str:
        output = self._settings.output
        return self._settings.scan.log_level or ("warning" if output.quiet else "debug" if output.verbose else "info")

    def _recorded(self) -> tuple[Record, Standing | None]:
        """What an earlier run wrote down; not held where it can't be, unless it must."""
        scan = self._settings.scan
        if "-" in scan.targets_from and not scan.resume:
            return Record(Path(), ""), None
        record = Record(state_place(self._settings.state.name).directory, identity(scan))
        try:
            if not record.open():
                if scan.resume:
                    raise ConfigError(f"{record.path}: another process is at this very scan: wait for it, or stop it")
                self._messages("another process is at this very scan: this one can't be resumed", level="warning")
                return record, None
            standing = record.read()
        except StateError as error:
            if scan.resume:
                raise
            self._messages(f"this scan can't be resumed: {error}", level="warning")
            record.close()
            return record, None
        if scan.resume and standing is None:
            self._messages("no unfinished scan of these targets is there: it begins at the beginning")
        if scan.resume and standing is not None:
            self._messages(f"goes on where it ended: {len(standing.done):,} targets are done")
        if not scan.resume and standing is not None and standing.spans:
            self._messages("an unfinished scan of these targets is given up; --resume would have gone on with it")
        return record, standing if scan.resume else None

    def _say_how_it_ended(self, seconds: float, record: Record) -> None:
        output = self._settings.output
        if output.quiet:
            return
        say = self._messages.write if output.log_format == "text" else self._messages
        for text in self._tally.lines(seconds):
            say(text)
        if self._stopped:
            say("stopped before its end" + ("; --resume goes on with it" if record.held else ""))

    def _figures_of(self, seconds: float, inquiry: Inquiry) -> Figures:
        scan = self._settings.scan
        parameters = {
            "input": ",".join((*scan.targets, *scan.targets_from)),
            "port": int(scan.ports) if scan.ports.isdecimal() else scan.ports,
            "timeout": int(scan.timeout) if scan.timeout == int(scan.timeout) else scan.timeout,
            "threads": inquiry.limit,
            "retry": scan.retry,
        }
        return Figures(parameters, self._clock.now(), seconds, inquiry.left_out)

    # --- beside it ---

    async def _until_done(self, inquiry: Inquiry, outputs: Outputs, checkpoints: Checkpoints) -> None:
        live = self._live(inquiry)
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(self._stop_unread(outputs, inquiry)),
                group.create_task(self._figures(inquiry)),
                group.create_task(self._announce(inquiry)),
                group.create_task(checkpoints.run()),
            ]
            if live is not None:
                beside.append(group.create_task(self._draw(live)))
            try:
                await inquiry.run()
            finally:
                for task in beside:
                    task.cancel()
                if live is not None:
                    live.close()

    def _live(self, inquiry: Inquiry) -> Live | None:
        output = self._settings.output
        if output.quiet or output.log_format != "text" or self._settings.scan.log_file or not sys.stderr.isatty():
            return None
        began = self._clock.monotonic()
        self._messages.live = Live(sys.stderr, lambda width: [self._picture(inquiry, began)[:width]])
        return self._messages.live

    def _picture(self, inquiry: Inquiry, began: float) -> str:
        """`1,200 of 65,536 (2 %), 1,150 answered, 812/s, 96 at once, 1m left`."""
        done, total = self._tally.done, inquiry.total
        rate = done / max(self._clock.monotonic() - began, 0.001)
        reached = done + self._before
        parts = [f"{done:,} done"]
        if total is not None:
            reached = min(reached, total)
            parts = [f"{reached:,} of {total:,} ({100 * reached // max(total, 1)} %)"]
        parts += [f"{self._tally.answered:,} answered", f"{rate:,.0f}/s", f"{inquiry.busy:,} at once"]
        if total is not None and done:
            parts.append(f"{age((total - reached) / rate)} left")
        return ", ".join(parts)

    async def _draw(self, live: Live) -> None:
        while True:
            live.draw()
            await self._clock.sleep(DRAWS)

    async def _announce(self, inquiry: Inquiry) -> None:
        """How much it is, where that is a lot."""
        while (total := inquiry.total) is None:
            await self._clock.sleep(DRAWS)
        if total < LARGE:
            return
        rate = self._settings.scan.rate
        seconds = (total - self._before) / rate if rate else 0.0
        how_long = (
            f"{age(seconds)} at {rate:g} a second" if rate else "--rate bounds it, --stats shows how long it takes"
        )
        self._messages(f"{total:,} targets: {how_long}; Ctrl-C ends it, and --resume goes on")

    async def _figures(self, inquiry: Inquiry) -> None:
        every, began = self._settings.output.stats, self._clock.monotonic()
        while every:
            await self._clock.sleep(every)
            self._messages(self._picture(inquiry, began))

    async def _stop_unread(self, outputs: Outputs, inquiry: Inquiry) -> None:
        """`| head` ends it also where no further result comes that could not be written."""
        while not outputs.unread:
            outputs.check()
            await self._clock.sleep(READER_ASKED)
        self._stopped = True
        inquiry.stop()

    def _on_signals(self, inquiry: Inquiry) -> None:
        def stop() -> None:
            self._stopped = True
            inquiry.stop()

        stop_on((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), stop, self._clock)

    def _coloured(self, stream: TextIO) -> bool:
        return wants_color(self._settings.output.color, stream, os.environ)


def _watches(settings: Settings) -> bool:
    return bool(settings.watch.rules or settings.watch.files)


@contextmanager
def _log(path: Path | None) -> Iterator[TextIO | None]:
    """The file for messages; None where they go to standard error. Raises ConfigError."""
    if path is None:
        yield None
        return
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: messages can't be written there: {error.strerror}; name another file") from error
    with file:
        yield file
