"""All that a scan's results are written to: standard output and files, as they come or as one document at the end."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

from certhia.cli.messages import Messages
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError, StateError
from certhia.render import encode, encoding
from certhia.scanner.records import Result
from certhia.scanner.report import formats
from certhia.scanner.report.document import Document, Figures
from certhia.scanner.report.formats import Texts
from certhia.scanner.report.leaf import leaves
from certhia.sinks.result_file import ResultFile
from certhia.sinks.result_stdout import BEHIND, ResultStdout
from certhia.sinks.whole import Whole
from certhia.sinks.writer import is_unread

GRACE = 5.0  # seconds that a slow reader of standard output has at the end of a scan that was stopped


class _Out(Protocol):
    """Standard output, whatever it is."""

    @property
    def behind(self) -> bool: ...
    @property
    def unread(self) -> bool: ...
    @property
    def fault(self) -> OSError | None: ...
    @property
    def given(self) -> int: ...
    @property
    def written(self) -> int: ...
    def put(self, text: str) -> None: ...
    def close(self, grace: float | None = None) -> bool: ...


class Outputs:
    """What results go to. `take` is called on the engine's thread, all else on the loop's."""

    def __init__(
        self,
        options: ScanOptions,
        messages: Messages,
        *,
        color: bool,
        mode: str,
        places: Mapping[str, int] | None = None,
        patient: Callable[[], bool] = lambda: True,
    ) -> None:
        """Opens them all. `mode`: of TLSXtractor's document. `places`: where to go on in files, in bytes, by their
        absolute path; others would lack what is done, and are refused. `patient`: whether a reader of standard output
        may take as long as it likes at the end. Raises ConfigError."""
        self._messages = messages
        self._patient = patient
        self._resumable = "-" not in options.targets_from
        named = [(path, formats.of(path, options.format)) for path in options.files]
        name = options.format or ("silent" if named else "jsonl")
        whole = any(form in formats.WHOLE for _, form in named)
        if options.resume and (whole or name in formats.WHOLE):
            raise ConfigError("TLSXtractor's document is written whole, at the end: --resume needs a .jsonl or .csv")
        for path in options.files:
            if places is not None and str(path.absolute()) not in places:
                raise ConfigError(
                    f"{path}: was not part of that scan: leave it out, or begin anew without --resume; on going on it "
                    "would get only what was left"
                )
        if whole and name in formats.WHOLE:
            name = "silent"  # who names a file for the document does not want it twice
        self._leaf = leaves()
        self._places = places or {}
        self._texts = Texts(name, self._leaf, color=color)
        self._prints = name in formats.WHOLE
        self.files: list[ResultFile] = []
        self._whole: list[Whole] = []
        self._stdout: _Out | None = None
        self._closed = False
        try:
            for path, form in named:
                if form in formats.WHOLE:
                    self._whole.append(Whole(path))
                else:
                    self.files.append(self._file(path, form))
            if name != "silent":
                on_screen = sys.stdout is not None and sys.stdout.isatty()
                self._stdout = _Screen(messages) if on_screen else ResultStdout()
                self._stdout.put(formats.header(name))
        except ConfigError:
            for one in self._whole:
                one.discard()
            for file in self.files:
                file.close()
            raise
        self.document = Document(mode) if self._whole or self._prints else None

    def _file(self, path: Path, name: str) -> ResultFile:
        at, texts = self._places.get(str(path.absolute())), Texts(name, self._leaf)
        file = ResultFile(path, texts, formats.header(name), at=at)
        if at and name == "domains":
            with path.open(encoding="utf-8") as before:
                texts.remember(line.rstrip("\n") for line in before)
        return file

    @property
    def unread(self) -> bool:
        """Whether nobody reads standard output any more."""
        return self._stdout is not None and self._stdout.unread

    def behind(self) -> bool:
        """Whether so much waits to be written that nothing more should be begun."""
        return self._stdout is not None and self._stdout.behind

    def take(self, results: Sequence[Result]) -> None:
        """More results. Raises StateError where a file or standard output can't be written."""
        try:
            for file in self.files:
                file.take(results)
        except OSError as error:
            raise StateError(f"{error.filename}: {error.strerror}: make room; --resume then goes on") from error
        if self._stdout is not None:
            self.check()
            self._stdout.put(self._texts.of(results))
        if self.document is not None:
            self.document.take(results)

    def check(self) -> None:
        """Raises StateError where standard output can't be written."""
        fault = self._stdout.fault if self._stdout is not None else None
        if fault is not None:
            more = "" if self._prints or not self._resumable else "; --resume then goes on"
            why = f"standard output: results cannot be written: {fault.strerror}"
            raise StateError(f"{why}: make room where it leads, or have it lead elsewhere{more}") from fault

    def given(self) -> int:
        """How much was given to standard output so far."""
        return self._stdout.given if self._stdout is not None else 0

    def written(self) -> int:
        """How much of it is written."""
        return self._stdout.written if self._stdout is not None else 0

    async def drain(self) -> None:
        """Waits for the reader of standard output. Nothing more is taken then."""
        if self._stdout is not None and not self._prints:
            await self._drained(self._stdout)

    async def _drained(self, stdout: _Out) -> None:
        self._closed, told = True, False
        while not await asyncio.to_thread(stdout.close, GRACE):
            if stdout.unread or stdout.fault is not None or not self._patient():
                return
            if not told:
                self._messages("all are asked: standard output is not read yet; Ctrl-C ends it", level="warning")
            told = True

    async def finish(self, figures: Figures) -> None:
        """Writes what is written at the end, then closes. Raises StateError, ConfigError."""
        if self.document is not None:
            await asyncio.to_thread(self._write, self.document, figures)
        if self._stdout is not None:
            await self._drained(self._stdout)
        await self.close()
        self.check()

    def _write(self, document: Document, figures: Figures) -> None:
        try:
            for piece in document.pieces(figures):
                for file in self._whole:
                    file.write(piece)
                if self._prints and self._stdout is not None:
                    self._stdout.put(piece)
            for file in self._whole:
                file.commit()
        except OSError as error:
            raise StateError(f"{error.filename}: cannot be written: {error.strerror}: make room") from error

    async def close(self) -> None:
        """Idempotent. Raises StateError where a disk does not take what was written."""
        for file in self.files:
            await asyncio.to_thread(file.close)
        if self._stdout is not None:
            await asyncio.to_thread(self._stdout.close, 0.0 if self._closed else GRACE)
        for whole in self._whole:
            whole.discard()
        if self.document is not None:
            self.document.close()


class _Screen:
    """The terminal that may also show the live picture: what is printed goes above it, on the loop's thread."""

    def __init__(self, messages: Messages, environment: Mapping[str, str] = os.environ) -> None:
        self._messages = messages
        self._charset = encoding(sys.stdout.encoding, environment)
        self._loop = asyncio.get_running_loop()
        self.given = self.written = 0
        self.fault: OSError | None = None
        self._gone = False

    @property
    def behind(self) -> bool:
        return self.given - self.written > BEHIND

    @property
    def unread(self) -> bool:
        return self._gone

    def put(self, text: str) -> None:
        if text and not self._gone:
            self.given += len(text)
            self._loop.call_soon_threadsafe(self._show, text)

    def _show(self, text: str) -> None:
        live = self._messages.live
        with live.aside() if live is not None else nullcontext():
            try:
                sys.stdout.write(encode(text, self._charset).decode(self._charset))
                sys.stdout.flush()
            except OSError as error:
                self._gone = error.errno == errno.EIO or is_unread(error)  # EIO: the terminal hung up
                self.fault = None if self._gone else error
                return
        self.written += len(text)

    def close(self, grace: float | None = None) -> bool:  # noqa: ARG002  (as `_Out` has it)
        return not self._gone and self.fault is None
