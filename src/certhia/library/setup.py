"""From settings to the parts that commands and the library share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from certhia._core import build_info
from certhia.clock import Clock
from certhia.config import Settings
from certhia.logs.hybrids import with_changes
from certhia.logs.lists import Lists
from certhia.logs.named import read_key
from certhia.logs.pace import Paces
from certhia.logs.reading import Reading
from certhia.logs.select import Choice
from certhia.logs.single import Single, Singles
from certhia.logs.sources import Sources
from certhia.model import MatchKind, Tell
from certhia.net import Http, Transport, user_agent
from certhia.quantity import Backlog, Point
from certhia.reload import Reloaded
from certhia.rules import expected
from certhia.rules.changes import changes
from certhia.rules.expected import Expected
from certhia.rules.language import Rule
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.store.retention import Kept
from certhia.telling import Limits

if TYPE_CHECKING:
    from certhia.library.scoping import Scoping


def network(settings: Settings, clock: Clock) -> Http:
    """The network, as the settings want it; to be closed. Raises ConfigError."""
    read = settings.read
    return Http(
        clock=clock,
        user_agent=user_agent(build_info["version"], read.contact),
        ca_file=str(read.ca_file) if read.ca_file else None,
        max_bandwidth=read.max_bandwidth,
    )


@asynccontextmanager
async def connect(settings: Settings, clock: Clock) -> AsyncIterator[Transport]:
    """The network, as the settings want it. Raises ConfigError."""
    http = network(settings, clock)
    try:
        yield http
    finally:
        await http.close()


def choice_of(settings: Settings) -> Choice:
    """Which logs the user wants."""
    logs = settings.logs
    return Choice(
        include=frozenset(logs.include),
        expired=logs.expired,
        allow=logs.allow,
        deny=logs.deny,
        only=logs.log,
        add=logs.add_log,
    )


def sources_of(settings: Settings, choice: Choice, transport: Transport, clock: Clock, cache: Path | None) -> Sources:
    """Where logs are known from. A list of one's own stands instead of the published ones."""
    logs = settings.logs
    hybrids = with_changes(logs.hybrids)
    folder = cache / "lists" if cache else None
    lists = Lists(
        transport,
        clock,
        folder,
        lists=() if logs.log_list else logs.lists,
        files=logs.log_list,
        hybrids=hybrids,
        accept_drop=logs.accept_drop,
        choice=choice,
    )
    keys = [read_key(key) for key in logs.log_key]
    return Sources(lists, choice, keys, transport, clock, hybrids, folder, singles_of(settings))


def rules_of(
    rules: Sequence[str | Rule],
    files: Sequence[Path],
    clock: Clock,
    tell: Tell,
    scoping: Scoping | None = None,
    *,
    empty: bool = False,
) -> Reloaded[Watchlist]:
    """The rules, read again when one of the files changes; `scoping`: those of bug bounty platforms, too. `empty`:
    they may be none. Raises ConfigError with every problem found."""
    return Reloaded("rules", files, loader_of(rules, files, scoping, empty=empty), changes, clock=clock, tell=tell)


def loader_of(
    rules: Sequence[str | Rule], files: Sequence[Path], scoping: Scoping | None = None, *, empty: bool = False
) -> Callable[[], Watchlist]:
    """What makes the rules, with the scopes of then. They may be none where that makes sense (`empty`), or platforms
    may give some."""
    if scoping is None:
        return partial(Watchlist, *rules, files=files, empty=empty)
    return lambda: Watchlist(*rules, files=files, scopes=scoping.rules, empty=empty or scoping.active)


def expected_of(paths: Sequence[Path], clock: Clock, tell: Tell) -> Reloaded[Expected]:
    """The user's own certificates, read again when they change; NONE without any. Raises ConfigError."""
    own = Reloaded("own certificates", paths, partial(own_of, paths), expected.changes, clock=clock, tell=tell)
    for text in own.current.notices:
        tell(text)
    return own


def kept_of(settings: Settings) -> Kept:
    """What of the state is kept."""
    state = settings.state
    return Kept(
        most=state.max_matches,
        matches=state.keep_matches,
        leaves=state.keep_quarantine,
        steps=state.keep_ledger,
        letters=state.keep_dead_letters,
        alarms=state.keep_alarms,
    )


def own_of(paths: Sequence[Path]) -> Expected:
    """The user's own certificates of files; NONE without any. Raises ConfigError."""
    return Expected.load(paths) if paths else expected.NONE


def limits_of(settings: Settings, roots: Roots | None) -> Limits:
    """Which matches are told. `roots`: those of `watch.roots`."""
    return Limits(
        since=_date(settings.read.from_),
        until=_date(settings.read.until),
        roots=roots,
        every_sighting=settings.watch.every_sighting,
        kinds=frozenset(map(MatchKind, settings.output.kinds)),
    )


def _date(point: Point | None) -> float | None:
    return point.value if point is not None and point.kind == "date" else None


def reading_of(settings: Settings) -> Reading:
    """How logs are read."""
    read = settings.read
    return Reading(
        poll_static=read.poll_static,
        poll_rfc6962=read.poll_rfc6962,
        patience=read.patience,
        until=read.until,
        max_backlog=read.max_backlog or Backlog(),
        singles=singles_of(settings),
    )


def singles_of(settings: Settings) -> Singles:
    """What holds for single logs."""
    return Singles({url: Single(one.rate, one.parallel, one.page, one.poll) for url, one in settings.logs.each.items()})


def paces_of(settings: Settings, clock: Clock, remembered: Mapping[str, float] | None = None) -> Paces:
    """How fast servers are asked. `remembered`: what an earlier run learned. Raises ConfigError."""
    read = settings.read
    return Paces(
        clock,
        max_rate=read.max_rate,
        max_parallel=read.max_parallel,
        remembered=remembered,
        singles=singles_of(settings),
    )
