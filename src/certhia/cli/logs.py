"""What `certhia logs` shows: every known log, how far we are in it, and why it is or isn't followed."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from certhia import render
from certhia.cli.progress import age
from certhia.logs.select import Chosen, final_root_matches
from certhia.model import Head, Health

if TYPE_CHECKING:
    from certhia.logs.snapshot import Condition
    from certhia.store.ledger import Position

TROUBLE = 120  # columns of what is wrong with a log
_HEALTH_STYLES = {Health.HEALTHY: "green", Health.DEGRADED: "yellow", Health.FAILED: "red", Health.FROZEN: "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """One log, as `certhia logs --json` gives it. Times are RFC 3339 in UTC; None where something is not known."""

    operator: str
    description: str
    url: str
    monitoring_url: str
    log_id: str  # base64, as in log lists
    kind: str  # rfc6962, static, hybrid
    state: str | None
    log_type: str | None
    interval: tuple[str, str] | None  # [start, end)
    sources: tuple[str, ...]
    size: int | None  # entries, of the newest head known
    position: int | None  # entries verified
    lag_entries: int | None
    lag_seconds: float | None  # age of what is verified, against the newest head
    health: str | None  # healthy, degraded, failed
    unverified: bool  # followed without proof, as the log gives none
    trouble: str | None  # what is wrong with it, or waited for
    final_root: bool | None  # whether our head agrees with the final one of the list
    followed: bool
    reason: str


def rows(
    chosen: Sequence[Chosen],
    positions: Mapping[bytes, Position],
    heads: Mapping[bytes, Head],
    conditions: Mapping[bytes, Condition],
    now: float,
) -> list[Row]:
    """One row for each log: those followed first, then by operator and description. The maps go by log id.

    `now` is Unix seconds.
    """
    ordered = sorted(chosen, key=lambda one: (not one.followed, one.log.operator.lower(), one.log.description.lower()))
    return [
        _row(one, positions.get(one.log.id), heads.get(one.log.id), conditions.get(one.log.id), now) for one in ordered
    ]


def table(rows: Sequence[Row], console: Console) -> None:
    """Prints the rows as a table with a line that sums up; on a terminal that is too narrow, two lines a log."""
    shown = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for heading in ("operator", "log", "kind", "state", "interval"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("size", "position", "lag", "behind"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for heading in ("health", "followed"):
        shown.add_column(heading, no_wrap=True)
    for row in rows:
        shown.add_row(*_cells(row), style=None if row.followed else "dim")
    needed = Measurement.get(console, console.options.update(max_width=1000), shown).maximum
    if not console.is_terminal:
        console = Console(file=console.file, width=max(needed, console.width), color_system=None)
    if needed <= console.width:
        console.print(shown)
    else:
        for row in rows:
            console.print(*_lines(row), sep="\n", style=None if row.followed else "dim")
    followed = sum(row.followed for row in rows)
    console.print(f"{followed} followed, {len(rows) - followed} not, {len(rows)} known", highlight=False)


def as_json(rows: Sequence[Row]) -> str:
    """The rows as one JSON array, printable ASCII, a row a line."""
    lines = ",\n".join(json.dumps({name: getattr(row, name) for name in Row.__slots__}) for row in rows)
    return f"[\n{lines}\n]" if rows else "[]"


def _row(one: Chosen, position: Position | None, head: Head | None, condition: Condition | None, now: float) -> Row:
    log = one.log
    newest = max((head for head in (head, position.head if position else None) if head), key=_newness, default=None)
    lag = max(newest.size - position.end, 0) if newest and position else None
    return Row(
        operator=log.operator,
        description=log.description,
        url=log.url,
        monitoring_url=log.monitoring_url,
        log_id=b64encode(log.id).decode("ascii"),
        kind=log.protocol.value,
        state=log.state,
        log_type=log.log_type,
        interval=(_iso(log.interval[0]), _iso(log.interval[1])) if log.interval else None,
        sources=log.sources,
        size=newest.size if newest else None,
        position=position.end if position else None,
        lag_entries=lag,
        lag_seconds=_behind(position, lag, now) if position and lag is not None else None,
        health=condition.health.value if condition else None,
        unverified=condition is not None and condition.unverified,
        trouble=(condition.trouble or None) if condition else None,
        final_root=final_root_matches(log, newest) if newest else None,
        followed=one.followed,
        reason=one.reason,
    )


def _newness(head: Head) -> tuple[int, int]:
    return head.size, head.timestamp


def _behind(position: Position, lag: int, now: float) -> float | None:
    """Seconds since all that the log had was verified; None while what is verified ends inside of a head."""
    if lag == 0:
        return 0.0
    if position.end < position.head.size:
        return None
    return max(round(now - position.head.timestamp / 1000, 3), 0.0)


def _cells(row: Row) -> list[Text]:
    health = Health(row.health) if row.health else None
    return [
        _text(row.operator, 20),
        _text(row.description, 36),
        _text(row.kind, 8),
        _text(row.state or row.log_type or "-", 16),
        _text(" to ".join(time[:10] for time in row.interval) if row.interval else "-", 24),
        _number(row.size),
        Text("unverified") if row.unverified and row.position is None else _number(row.position),
        _number(row.lag_entries),
        Text("-" if row.lag_seconds is None else age(row.lag_seconds)),
        Text(row.health or "-", style=_HEALTH_STYLES[health] if health else ""),
        Text(_followed(row)),
    ]


def _lines(row: Row) -> tuple[Text, Text]:
    """The same as `_cells`, for narrow terminals."""
    operator, description, kind, state, interval, *figures, health, followed = _cells(row)
    first = Text(", ").join((Text(" ").join((operator, description)), kind, state, interval))
    named = zip(("size", "position", "lag", "behind", "health"), (*figures, health), strict=True)
    known = [Text(f"{name} ") + text for name, text in named if text.plain != "-"]
    return first, Text("  ") + Text(", ").join((followed, *known))


def _followed(row: Row) -> str:
    wrong = " THE FINAL ROOT DIFFERS FROM THE LIST'S" if row.final_root is False else ""
    unverified = ", unverified: it gives no proofs" if row.unverified else ""
    trouble = f", {render.short(row.trouble, TROUBLE)}" if row.trouble else ""
    return render.terminal(f"{'yes' if row.followed else 'no'}: {row.reason}{unverified}{wrong}{trouble}")


def _text(text: str, columns: int) -> Text:
    return Text(render.short(text, columns))


def _number(value: int | None) -> Text:
    return Text("-" if value is None else f"{value:,}")


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
