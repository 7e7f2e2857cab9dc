"""Certificates of matches as they were submitted: as files beside the state, for programs that are run with them, as
certspotter keeps its own; and with their matches in the state, for modules.

A file is there before its match is committed, so that no program is run without it, and goes after KEPT days.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from certhia._core import Certificate, Entry
from certhia.clock import Clock
from certhia.errors import CerthiaError
from certhia.logs.chains import Chains
from certhia.model import Log, Match, Tell
from certhia.render import terminal
from certhia.store.submitted import BEGIN, END, FOLDER, LARGEST, place

KEPT: Final = 90 * 86_400.0  # seconds; what waits for as long is told without
TIDIED: Final = 86_400.0  # seconds between two looks for old ones
LEAF_HASH: Final = "leaf hash: "


class Wanting(Protocol):
    """Somebody who wants the certificates of some matches."""

    def wants(self, match: Match) -> bool:
        """Whether that of this match."""


class Certificates:
    """Keeps those of the matches that are wanted."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        tell: Tell,
        wanted: Callable[[], Sequence[Wanting]],
        stored: Callable[[], Sequence[Wanting]] = list,
    ) -> None:
        """`directory`: the state's. `wanted`: of whose matches files are kept, now. `stored`: for whom the state has
        them."""
        self._directory = directory
        self._clock = clock
        self._tell = tell
        self._wanted = wanted
        self._stored = stored
        self._tidy_at = 0.0  # monotonic
        self._failing = False

    async def keep(
        self, log: Log, found: Iterable[tuple[Match, Entry]], chains: Chains
    ) -> Mapping[bytes, Sequence[bytes]]:
        """Returns once the files of these are written: what can't be is said, and told without. Gives what is to be
        stored with its match, by the key of that: the certificate as submitted and its chain, DER."""
        routes, others = self._wanted(), self._stored()
        if not routes and not others:
            return {}
        found = list(found)
        files = [(match, entry) for match, entry in found if any(route.wants(match) for route in routes)]
        rows = [(match, entry) for match, entry in found if any(one.wants(match) for one in others)]
        if files or rows:
            chain = dict.fromkeys(one for _, entry in (*files, *rows) for one in entry.chain)
            await chains.complete(log, [*chain])
        if files:
            await self._keep({place(self._directory, match.key): _text(entry, chains) for match, entry in files})
        return {match.key: _ders(entry, chains) for match, entry in rows}

    async def _keep(self, texts: dict[Path, str]) -> None:
        old = self._clock.monotonic() >= self._tidy_at
        if old:
            self._tidy_at = self._clock.monotonic() + TIDIED
        try:
            await asyncio.to_thread(self._write, texts, tidy=old)
            self._failing = False
        except OSError as error:
            if not self._failing:
                why = f"{error.filename or self._directory}: certificates can't be kept: {error.strerror}"
                self._tell(f"{why}; programs are run without CERT_FILENAME", level="warning")
            self._failing = True

    def _write(self, texts: dict[Path, str], *, tidy: bool) -> None:
        if tidy:
            oldest = self._clock.now() - KEPT
            for path in (self._directory / FOLDER).glob("??/*.pem"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)
        for path, text in texts.items():
            if path.exists():
                continue
            part = path.with_suffix(".part")
            try:
                part.write_text(text, "ascii")
            except FileNotFoundError:  # its folder is not there yet
                path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(text, "ascii")
            part.replace(path)


class Kept:
    """What such a file says of a match's certificate.

    Attributes:
        leaf_hash: base64; empty where there is no file.
        subject: distinguished name; None where it can't be told.
        fault: why the certificate can't be read.
    """

    def __init__(self, path: Path | None) -> None:
        """Reads it. `path`: see `kept`."""
        self.path = path
        self.leaf_hash = self.fault = ""
        self.subject: str | None = None
        if path is None:
            return
        with path.open(encoding="ascii", errors="replace") as file:
            lines = file.read(LARGEST).splitlines()
        self.leaf_hash = lines[0].removeprefix(LEAF_HASH) if lines else ""
        end = lines.index(END) if END in lines else 0
        try:
            self.subject = Certificate.from_der(base64.b64decode("".join(lines[2:end]))).subject
        except (CerthiaError, ValueError) as error:
            self.fault = terminal(str(error))


def kept(directory: Path | None, key: bytes) -> Kept:
    """What is kept of a match's certificate; nothing where there is no file."""
    path = place(directory.absolute(), key) if directory is not None else None
    try:
        return Kept(path)
    except OSError:
        return Kept(None)


def _text(entry: Entry, chains: Chains) -> str:
    """Its leaf's hash, then what was submitted and its chain in PEM (RFC 7468, which allows words before)."""
    blocks = [f"{LEAF_HASH}{base64.b64encode(entry.leaf_hash).decode()}"]
    for der in _ders(entry, chains):
        text = base64.b64encode(der).decode()
        blocks += [BEGIN, *(text[at : at + 64] for at in range(0, len(text), 64)), END]
    return "\n".join(blocks) + "\n"


def _ders(entry: Entry, chains: Chains) -> list[bytes]:
    """What was submitted, and its chain."""
    try:
        return [der for der in (entry.submitted, *chains.at_hand(entry)) if der]
    except CerthiaError:  # an entry that could not be decoded
        return []
