"""Wishes to read what stands before the live range: which are open, how they end, whose rules alone they are for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from certhia.logs.finding import find
from certhia.store.backfills import CANCELLED, Backfill
from certhia.store.ledger import row_log
from certhia.store.writer import Writer

ALL: Final = "all"
MAX_OWNERS: Final = 20_000  # programmes that one wish is for

Owner = tuple[str, str]  # programme and platform


def active(writer: Writer) -> list[Backfill]:
    """Wishes that are not fulfilled yet, in the order in which they were made."""
    found = [one for track in writer.tracks.values() for one in track.backfills.values() if one.active]
    return sorted(found, key=lambda one: (one.at, one.number))


def cancel(writer: Writer, wanted: str, at: float) -> list[Backfill]:
    """Ends the wishes of one log, or all of them; gives those that it ended. What is verified stays so.

    `at`: Unix seconds. Raises ConfigError where no log of theirs is meant.
    """
    wishes = active(writer)
    logs = {one.log_id: row_log(writer.tracks[one.log_id].row) for one in wishes}
    meant = set(logs) if wanted == ALL else {find(list(logs.values()), wanted).id}
    ended = [replace(one, ended=at, outcome=CANCELLED) for one in wishes if one.log_id in meant]
    for one in ended:
        writer.backfill(one)
        writer.remember(setting(one), None)
    return ended


def setting(wish: Backfill) -> str:
    """The setting of the state that keeps whose rules a wish is for."""
    return f"backfill:{wish.log_id.hex()}:{wish.number}"


def owners_of(asked: object) -> frozenset[Owner]:
    """Programmes of a request; none: all rules count. Raises ValueError, TypeError."""
    if asked is None:
        return frozenset()
    if not isinstance(asked, list) or len(asked) > MAX_OWNERS:
        raise ValueError(f"programmes are no list of at most {MAX_OWNERS}")
    return frozenset((str(programme), str(platform)) for programme, platform in asked)


def written(owners: Iterable[Owner]) -> str:
    """As `read` reads it."""
    return json.dumps(sorted(owners))


def read(text: str | None) -> Sequence[Owner]:
    """What a wish is for; nothing: for all rules."""
    return sorted(owners_of(json.loads(text))) if text else ()
