"""What a module is: what it says of itself, what it implements, what it may ask for.

    class Short:
        info = Info("short", "1", "Certificates of a day or less", Sees.ENTRIES)

        def process(self, batch: Entries) -> Iterator[Finding]:
            for position, entry in batch:
                ...
                yield Finding("short", f"{entry.certificate.names[0]} lives for a day", position=position)

A module implements any of the functions in `certhia.modules.hooks`, as methods, and takes those of their arguments
that it wants. The ones that are coroutines run on an event loop, the others in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final
from typing import Protocol as Protocol_

from pydantic import BaseModel

from certhia.clock import Clock
from certhia.config.values import Section
from certhia.model import Tell, Watched
from certhia.modules.finding import JSON
from certhia.net import Transport

if TYPE_CHECKING:
    from certhia.store.state import State


class Sees(StrEnum):
    """What a module is handed."""

    ENTRIES = "entries"  # pages of entries of all logs
    MATCHES = "matches"  # certificates that concern somebody
    VISITS = "visits"  # what servers show to a scan


class Nothing(Section):
    """No keys of its own."""


NETWORK: Final = "network"
STATE: Final = "state"
CERTIFICATES: Final = "certificates"


@dataclass(frozen=True, slots=True)
class Info:
    """What a module says of itself.

    Attributes:
        name: what `[modules.NAME]` calls it: a letter, then at most 31 of a-z, 0-9, _ and -.
        version: its own. Results that were kept count for one version only: change it when results change.
        summary: one line.
        sees: what it is handed.
        config: its own keys of `[modules.NAME]`.
        needs: "network": a Transport; "state": what is kept; "certificates": certificates of matches are kept for it.
            Anything else is the name of a distribution that must be installed.
        inline: of those that see matches: called before a match is stored and told, to annotate (`Note`) or to silence
            it (`Drop`). Late or failing ones leave the match as it is.
        cached: whether what it gives for an entry depends on that entry's certificate alone, so that it is asked once
            about each certificate.
    """

    name: str
    version: str
    summary: str
    sees: Sees
    config: type[BaseModel] = Nothing
    needs: tuple[str, ...] = ()
    inline: bool = False
    cached: bool = False


class Module(Protocol_):
    """What every module has; all else is in `certhia.modules.hooks`, and a module's to choose.

    One that sees entries, and of these only what some rules find, may have an attribute `rules`, a
    `certhia.rules.Watchlist`: these are then held against a page in the walk that the watch list has over it anyway. A
    trusted one is handed only pages in which they find something (`Entries.matched` has what), and now and then, a
    second apart at least, one of which it is to see nothing, so that it can do what is due.
    """

    @property
    def info(self) -> Info:
        """What it says of itself."""


class Publish(Protocol_):
    """Has an event known: `data` is JSON. `correlation`: the id of the match or certificate that it is about."""

    def __call__(self, type: str, data: Mapping[str, JSON], *, correlation: str = "") -> None: ...  # noqa: A002


@dataclass(frozen=True, slots=True)
class Outside:
    """What a module may ask for.

    Attributes:
        clock: all time.
        tell: says something to whoever runs the program.
        directory: its own, there to be written in, below the state.
        watched: the watch rules of now.
        publish: has an event known, type and data; it never blocks. Types are words with dots, such as `mine.seen`, and
            none that begin as Certhia's own do (`match.`, `scan.`, ...): ValueError.
        transport: the network, for modules of this process that need "network".
        state: what is kept, to be read, for modules of this process that need "state".
    """

    clock: Clock
    tell: Tell
    directory: Path
    watched: Callable[[], Watched]
    publish: Publish
    transport: Transport | None = None
    state: State | None = None
