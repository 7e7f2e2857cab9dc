"""`certhia ledger`: what was seen of each log, to the entry."""

from __future__ import annotations

import asyncio
import json as jsonlib
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.model import Head, Quarantined
    from certhia.store import Freeze
    from certhia.store.ranges import Account, Range
    from certhia.store.reading import SeenLog
    from certhia.store.state import State

SHOWN = 20  # quarantined entries that people are shown; --json gives all


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("ledger")(ledger)


@opt.sets(opt.STATE)
def ledger(
    log: Annotated[
        str | None, typer.Argument(help="URL of the log, its id, or words of its description; all unless given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a log.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Say which entries of each log were verified, skipped or quarantined, and by which signed heads."""
    from certhia.config import load

    asyncio.run(_tell(load(given, config), log, as_json=json))


async def _tell(settings: Settings, wanted: str | None, *, as_json: bool) -> None:
    from certhia.clock import Clock
    from certhia.store.place import state_place
    from certhia.store.ranges import account
    from certhia.store.state import State

    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        freezes = await state.freezes()
        for number, seen in enumerate(await chosen(state, wanted)):
            read = await account(state.steps(seen.log.id), await state.blocks(seen.log.id))
            ill = [one async for one in state.quarantined(seen.log.id)]
            frozen = [one for one in freezes if one.log_id == seen.log.id]
            if as_json:
                print(jsonlib.dumps(_fields(seen, read, ill, frozen)))
            else:
                print("\n".join(([""] if number else []) + _lines(seen, read, ill, frozen)))


async def chosen(state: State, wanted: str | None) -> list[SeenLog]:
    """The logs of the state that a user's words mean; all where there are none. Raises ConfigError for no log."""
    from certhia import render
    from certhia.errors import ConfigError
    from certhia.logs.finding import meant

    known = await state.logs_seen()
    if wanted is None:
        return known
    ids = {log.id for log in meant([one.log for one in known], wanted)}
    found = [one for one in known if one.log.id in ids]
    if not found:
        raise ConfigError(
            f"no log called {render.quoted(wanted)} was ever followed into {state.place}: "
            "`certhia ledger` without a name shows all"
        )
    return found


def _lines(seen: SeenLog, read: Account, ill: list[Quarantined], frozen: list[Freeze]) -> list[str]:
    from certhia import render

    log = seen.log
    entries = sum(one.count for one in read.verified)
    lines = [f"{render.terminal(log.description or log.url)} ({render.terminal(log.url)}), {log.protocol.value}"]
    if not read.ranges:
        return [*lines, "  nothing of it was verified yet", *map(_freeze, frozen)]
    lines.append(
        f"  {entries:,} entries verified, {sum(one.count for one in read.gaps):,} skipped, {len(ill):,} quarantined"
    )
    for one in read.ranges:
        what = _skipped(render.terminal(one.note)) if one.note else _proof(one)
        lines.append(f"  {one.start:>12,} to {one.end - 1:>12,}  {what}")
    lines += map(_freeze, frozen)
    lines += [f"  {entry.index:>12,} quarantined: {render.short(entry.reason, 100)}" for entry in ill[:SHOWN]]
    if len(ill) > SHOWN:
        lines.append(f"  and {len(ill) - SHOWN:,} more: `certhia quarantine list`")
    return lines


def _skipped(note: str) -> str:
    """Why a range was not verified."""
    from certhia.store.freezes import ACCEPTED

    return f"read, not verified: {note}" if note.startswith(ACCEPTED) else f"skipped: {note.removeprefix('skipped ')}"


def _freeze(one: Freeze) -> str:
    """When a log was frozen, why, and whether that was accepted."""
    from certhia import render
    from certhia.clock import iso

    where = "before it was verified" if one.position is None else f"at {one.position:,}"
    evidence = f"; evidence: {one.evidence}" if one.evidence else ""
    accepted = f"accepted by hand {iso(one.accepted)}" if one.accepted is not None else "not accepted yet"
    return render.terminal(f"  frozen {where} {iso(one.at)}, {accepted}: {one.reason}{evidence}")


def _proof(one: Range) -> str:
    """By which heads a range was proven."""
    steps = f"{one.steps:,} step" + ("s" if one.steps != 1 else "")
    if one.first == one.last:
        return f"verified in {steps}, by the head of {_head(one.last)}"
    return f"verified in {steps}, by heads of {_head(one.first)} to {_head(one.last)}"


def _head(head: Head) -> str:
    from certhia.sinks.record import entry_time

    return f"{head.size:,} ({entry_time(head.timestamp) or head.timestamp})"


def _fields(seen: SeenLog, read: Account, ill: list[Quarantined], frozen: list[Freeze]) -> dict[str, object]:
    from base64 import b64encode

    return {
        "log": seen.log.description,
        "log_url": seen.log.url,
        "log_id": b64encode(seen.log.id).decode(),
        "kind": seen.log.protocol.value,
        "first_seen": seen.first_seen,
        "verified": [
            {
                "start": one.start,
                "end": one.end,
                "steps": one.steps,
                "quarantined": one.quarantined,
                "first_head": _head_fields(one.first),
                "last_head": _head_fields(one.last),
            }
            for one in read.verified
        ],
        "gaps": [{"start": one.start, "end": one.end, "reason": one.note} for one in read.gaps],
        "freezes": [
            {
                "position": one.position,
                "at": one.at,
                "reason": one.reason,
                "evidence": one.evidence or None,
                "accepted": one.accepted,
            }
            for one in frozen
        ],
        "quarantined": [
            {"index": entry.index, "reason": entry.reason, "leaf_hash": entry.leaf_hash.hex()} for entry in ill
        ],
    }


def _head_fields(head: Head) -> dict[str, object]:
    return {"tree_size": head.size, "root_hash": head.root.hex(), "timestamp": head.timestamp}
