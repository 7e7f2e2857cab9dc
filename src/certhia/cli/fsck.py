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


@opt.sets(*opt.NETWORK, opt.STATE)
def fsck(
    deep: Annotated[
        bool, typer.Option("--deep", help="Fetch every verified entry again, too, and hash it against the ledger.")
    ] = False,
    log: Annotated[
        str | None, typer.Option("--log", help="With --deep: this log alone; its URL, id or words of its description.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a fault.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Recompute every root and signature of the ledger; exit status 1 when something does not hold."""
    from certhia.config import load
    from certhia.errors import ConfigError

    if log is not None and not deep:
        raise ConfigError("--log says which log is read again: it goes with --deep")
    settings = load(given, config)
    status = asyncio.run(_check(settings, as_json=json))
    if deep:
        from certhia.cli.deep import check_again

        status = max(status, asyncio.run(check_again(settings, log, as_json=json)))
    raise typer.Exit(status)


async def _check(settings: Settings, *, as_json: bool) -> int:
    import json as jsonlib
    from dataclasses import asdict

    from certhia import render
    from certhia.clock import Clock
    from certhia.logs.heads import check_head
    from certhia.store.fsck import check
    from certhia.store.place import state_place
    from certhia.store.state import State

    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        faults = await check(state, check_head)
        totals = await state.totals()
        steps = sum([1 async for _ in state.steps()])
    for fault in faults:
        print(jsonlib.dumps(asdict(fault)) if as_json else render.terminal(str(fault)))
    verdict = f"{len(faults)} faults" if faults else "sound"
    print(
        f"{state.place}: {totals['logs']} logs, {steps} steps, {totals['matches']} matches: {verdict}",
        file=sys.stderr,
    )
    return 1 if faults else 0
