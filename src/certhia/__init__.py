"""Certhia follows every Certificate Transparency log, verifies every entry, and tells which certificates concern you.

    import certhia

    async for match in certhia.watch(["example.com"], start="2026-11-01"):
        print(match.names, match.log.url)

    async for result in certhia.scan(["192.0.2.0/24", "www.example.com"]):
        print(result.target.address, [found.name for found in result.names])

General layout: `logs` brings pages of entries, `rules` and `telling` decide whom they concern, `store` keeps positions
and matches, `sinks` tell them, `pipeline` wires all of it, `library` and `cli` are what people use. `certhia.testing`
is for your tests.

Names are imported when they are first used: `import certhia` alone costs next to nothing.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from certhia.errors import (
    BadAnswer,
    CerthiaError,
    ConfigError,
    Lagging,
    Malformed,
    RemoteError,
    StateError,
    Throttled,
    Unverified,
)

if TYPE_CHECKING:
    from certhia._core import Batch, Certificate, Entry, Extension, Page, Sct
    from certhia.config.scanning import ScanOptions
    from certhia.events.bus import Bus
    from certhia.events.event import Event
    from certhia.library.following import follow
    from certhia.library.scanning import scan
    from certhia.library.subscribing import subscribe
    from certhia.library.watching import watch
    from certhia.logs.loglist import LogList
    from certhia.model import Alarm, Log, LogName, Match, MatchKind, RuleHit, Sighting
    from certhia.modules.finding import Finding
    from certhia.modules.simple import module
    from certhia.rules.language import Rule
    from certhia.rules.watchlist import Watchlist
    from certhia.scanner.records import Result

__all__ = [
    "Alarm",
    "BadAnswer",
    "Batch",
    "Bus",
    "CerthiaError",
    "Certificate",
    "ConfigError",
    "Entry",
    "Event",
    "Extension",
    "Finding",
    "Lagging",
    "Log",
    "LogList",
    "LogName",
    "Malformed",
    "Match",
    "MatchKind",
    "Page",
    "RemoteError",
    "Result",
    "Rule",
    "RuleHit",
    "ScanOptions",
    "Sct",
    "Sighting",
    "StateError",
    "Throttled",
    "Unverified",
    "Watchlist",
    "follow",
    "module",
    "scan",
    "subscribe",
    "watch",
]

_HOMES = {
    "_core": "Batch Certificate Entry Extension Page Sct",
    "config.scanning": "ScanOptions",
    "events.bus": "Bus",
    "events.event": "Event",
    "library.following": "follow",
    "library.scanning": "scan",
    "library.subscribing": "subscribe",
    "library.watching": "watch",
    "logs.loglist": "LogList",
    "model": "Alarm Log LogName Match MatchKind RuleHit Sighting",
    "modules.finding": "Finding",
    "modules.simple": "module",
    "rules.language": "Rule",
    "rules.watchlist": "Watchlist",
    "scanner.records": "Result",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(_import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
