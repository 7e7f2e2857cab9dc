"""One scan in a terminal: settings to parts, signals, the live picture, figures, the summary."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from certhia.cli import collector
from certhia.cli.messages import Messages
from certhia.cli.outputs import Outputs
from certhia.cli.progress import Live, age
from certhia.clock import Clock
from certhia.config import Settings
from certhia.library.inquiry import Inquiry
from certhia.net import raise_file_limit
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result
from certhia.scanner.report.document import Figures
from certhia.scanner.report.leaf import leaves
from certhia.scanner.report.tally import Tally
from certhia.sinks.human import wants_color

DRAWS = 0.25  # seconds between two pictures
READER_ASKED = 0.5  # seconds between two looks whether anybody reads standard output
INTERRUPTED = 130


class Scanning:
    """`certhia scan` with these settings."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or Clock()
        output = settings.output
        least = "warning" if output.quiet else "debug" if output.verbose else "info"
        self._messages = Messages(self._clock, format=output.log_format, least=least)
        self._tally = Tally(leaves())
        self._stopped = False

    async def run(self) -> int:
        """Runs until all are asked, or stopped; gives the exit status. Raises CerthiaError."""
        settings = self._settings
        rules = Watchlist(*settings.watch.rules, files=settings.watch.files) if _watches(settings) else None
        raise_file_limit()
        async with AsyncExitStack() as stack:
            outputs = Outputs(settings.scan, self._messages, color=self._coloured(), mode="ip_scan")
            stack.push_async_callback(outputs.close)
            inquiry = Inquiry(settings.scan, rules, self._take(outputs), outputs.behind, self._clock, self._messages)
            collector.settle()
            began = self._clock.monotonic()
            self._on_signals(inquiry)
            await self._until_done(inquiry, outputs)
            seconds = self._clock.monotonic() - began
            await outputs.finish(self._figures_of(seconds))
        if not settings.output.quiet:
            say = self._messages.write if settings.output.log_format == "text" else self._messages
            for text in self._tally.lines(seconds):
                say(text)
        return 0

    def _figures_of(self, seconds: float) -> Figures:
        scan = self._settings.scan
        parameters = {
            "input": ",".join((*scan.targets, *scan.targets_from)),
            "port": scan.ports,
            "timeout": scan.timeout,
            "threads": scan.concurrency,
            "retry": scan.retry,
        }
        return Figures(parameters, self._clock.now(), seconds)

    def _coloured(self) -> bool:
        return wants_color(self._settings.output.color, sys.stdout, os.environ)

    def _take(self, outputs: Outputs) -> Callable[[Sequence[Result]], None]:
        tally = self._tally

        def take(results: Sequence[Result]) -> None:
            told = [one for one in results if one.failure is None or one.failure.kind != "stopped"]
            tally.take(told)
            outputs.take(told)

        return take

    async def _until_done(self, inquiry: Inquiry, outputs: Outputs) -> None:
        live = self._live(inquiry)
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(self._stop_unread(outputs, inquiry)), group.create_task(self._figures(inquiry))]
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
        if output.quiet or output.log_format != "text" or not sys.stderr.isatty():
            return None
        began = self._clock.monotonic()
        self._messages.live = Live(sys.stderr, lambda width: [self._picture(inquiry, began)[:width]])
        return self._messages.live

    def _picture(self, inquiry: Inquiry, began: float) -> str:
        """`1,200 of 65,536 (2 %), 1,150 answered, 812/s, 96 at once, 1m left`."""
        done, total = self._tally.done, inquiry.total
        seconds = max(self._clock.monotonic() - began, 0.001)
        rate = done / seconds
        parts = [f"{done:,} of {total:,} ({100 * done // max(total, 1)} %)" if total else f"{done:,} done"]
        parts += [f"{self._tally.answered:,} answered", f"{rate:,.0f}/s", f"{inquiry.busy:,} at once"]
        if total and rate and done:
            parts.append(f"{age((total - done) / rate)} left")
        return ", ".join(parts)

    async def _draw(self, live: Live) -> None:
        while True:
            live.draw()
            await self._clock.sleep(DRAWS)

    async def _figures(self, inquiry: Inquiry) -> None:
        every, began = self._settings.output.stats, self._clock.monotonic()
        while every:
            await self._clock.sleep(every)
            self._messages(self._picture(inquiry, began))

    async def _stop_unread(self, outputs: Outputs, inquiry: Inquiry) -> None:
        """`| head` ends it also where no further result comes that could not be written."""
        while not outputs.unread:
            await self._clock.sleep(READER_ASKED)
        inquiry.stop()

    def _on_signals(self, inquiry: Inquiry) -> None:
        def stop() -> None:
            if self._stopped:
                os._exit(INTERRUPTED)  # asked for twice: at once
            self._stopped = True
            inquiry.stop()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)


def _watches(settings: Settings) -> bool:
    return bool(settings.watch.rules or settings.watch.files)
