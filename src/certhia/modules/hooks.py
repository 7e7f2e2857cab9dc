"""What a module may implement: each function's docstring is its contract. Leave out what you don't need, arguments
too."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Final

import pluggy
from pydantic import BaseModel

from certhia.modules.api import Outside
from certhia.modules.batch import Handed
from certhia.modules.finding import Name, Result
from certhia.scanner.content.extracting import Visit
from certhia.scanner.records import Found

PROJECT: Final = "certhia"

hookspec: Final = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def setup(config: BaseModel, outside: Outside) -> Awaitable[None] | None:
    """Before all else, once: its keys of `[modules.NAME]`, and what it may ask for. What it raises keeps it out."""


@hookspec(firstresult=True)
def process(batch: Handed) -> Awaitable[Iterable[Result] | None] | Iterable[Result] | None:
    """Each batch: `Entries` or `Matches`, as `info.sees` says. A batch of matches comes again when this raises; one of
    entries doesn't."""


@hookspec(firstresult=True)
def extract(context: Visit) -> Awaitable[Iterable[str | Name | Found] | None] | Iterable[str | Name | Found] | None:
    """Each server that a scan visited, once all has come: names that it shows, with confidence and source. A text is a
    name whose source is the module."""


@hookspec(firstresult=True)
def reconfigure(config: BaseModel) -> Awaitable[None] | None:
    """Its keys have changed while the program runs. A module without this is closed and set up anew; what this raises
    refuses the change."""


@hookspec(firstresult=True)
def flush() -> Awaitable[Iterable[Result] | None] | Iterable[Result] | None:
    """At the end of a run, before `close`: what it held back."""


@hookspec(firstresult=True)
def close() -> Awaitable[None] | None:
    """Lets go of what it has. Nothing comes after this."""


HOOKS: Final = ("setup", "process", "extract", "reconfigure", "flush", "close")
