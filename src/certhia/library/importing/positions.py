"""Where ct-scout stood in each log: its state file, or its table `ct_log_state`. Both say which entry comes next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from certhia.clock import Clock
from certhia.config import document
from certhia.config.masking import without_password
from certhia.errors import ConfigError, StateError
from certhia.logs.roster import STARTS
from certhia.logs.select import log_url
from certhia.model import Log
from certhia.store import State

PATIENCE: Final = 30.0  # seconds for a database
LARGEST: Final = 1 << 62  # entries


class Taken(NamedTuple):
    """What became of the positions: logs by what people know them by, and URLs of logs that are not known."""

    taken: Mapping[str, int]
    there: Sequence[str]  # logs that have a position already
    unknown: Sequence[str]


def of_file(path: Path) -> dict[str, int]:
    """Positions by URL. Raises ConfigError."""
    read = document.read(path.expanduser())
    found = {}
    for url, index in read.content.items():
        if log_url(url) is None or isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < LARGEST:
            raise ConfigError(f"{read.at(url)}: {url}: is no log with a position; name ct-scout's state file")
        found[url] = index
    return found


async def of_database(url: str, clock: Clock) -> dict[str, int]:
    """Positions by URL, from ct-scout's table. Raises ConfigError, StateError."""
    try:
        asyncpg = import_module("asyncpg")  # only who has such a database needs it
    except ImportError as error:
        raise ConfigError("a database needs asyncpg: pip install 'certhia[postgresql]'") from error
    shown = without_password(url)
    try:
        async with clock.deadline(PATIENCE):
            connection = await asyncpg.connect(url, statement_cache_size=0)  # PgBouncer may be in between
            try:
                rows = await connection.fetch("SELECT log_url, last_index FROM ct_log_state ORDER BY log_url")
            finally:
                await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
        why = str(error) or "took too long to answer"
        raise StateError(f"{shown}: ct_log_state cannot be read: {why}; is it ct-scout's database?") from error
    return {str(row["log_url"]): min(max(int(row["last_index"]), 0), LARGEST) for row in rows}


async def take(positions: Mapping[str, int], logs: Sequence[Log], state: State) -> Taken:
    """Has following begin where ct-scout stood, with the logs that have no position of ours."""
    ours = await state.positions()
    known = {log_url(url): log for log in logs for url in (log.submission_url, log.monitoring_url)}
    starts: dict[str, int] = json.loads(await state.recall(STARTS) or "{}")
    taken, there, unknown = dict[str, int](), list[str](), list[str]()
    for url, index in positions.items():
        log = known.get(log_url(url))
        if log is None:
            unknown.append(url)
        elif log.id in ours:
            there.append(log.description or log.url)
        else:
            starts[log.id.hex()] = taken[log.description or log.url] = index
    if taken:
        state.writer.remember(STARTS, json.dumps(starts))
        await state.writer.flush()
    return Taken(taken, there, unknown)
