"""`certhia fsck`: whether the state still proves what it says."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("fsck")(fsck)


def fsck(
    json: Annotated[bool, typer.Option("--json", help="One JSON object a fault.")] = False,
    state: opt.StateName = None,
    config: opt.Config = None,
) -> None:
    """Recompute every root and signature of the ledger; exit status 1 when something does not hold."""
    from certhia.config import load

    raise typer.Exit(asyncio.run(_check(load(opt.flags(state__name=state), config), as_json=json)))


async def _check(settings: Settings, *, as_json: bool) -> int:
    import json as jsonlib
    from dataclasses import asdict

    from certhia import render
    from certhia.clock import Clock
    from certhia.logs.heads import check_head
    from certhia.store.fsck import check
    from certhia.store.place import state_dir
    from certhia.store.state import State

    async with await State.open(state_dir(settings.state.name), clock=Clock(), follow=False) as state:
        faults = await check(state, check_head)
        totals = await state.totals()
        steps = sum([1 async for _ in state.steps()])
    for fault in faults:
        print(jsonlib.dumps(asdict(fault)) if as_json else render.terminal(str(fault)))
    verdict = f"{len(faults)} faults" if faults else "sound"
    print(
        f"{state.directory}: {totals['logs']} logs, {steps} steps, {totals['matches']} matches: {verdict}",
        file=sys.stderr,
    )
    return 1 if faults else 0
