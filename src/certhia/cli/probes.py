"""`certhia probes`: what came of asking the servers that matches name, and what is still to be asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings
    from certhia.library.recalling import Sought

LIMIT = 100  # probes shown unless told otherwise


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("probes")(probes)


@opt.sets(opt.STATE)
def probes(
    domain: Annotated[
        str | None,
        typer.Option(
            "--domain",
            help="Of such a name, as in watch rules: *.example.com, example.com, =a.example.",
            metavar="RULE",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Asked since then: an age or a date (7d, 2026-03-01).", metavar="WHEN")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option("--outcome", help="With these outcomes: served,other,nothing,…", metavar="LIST")
    ] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Those that still wait, the next one first.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="The most to show; 0 shows all.", min=0)] = LIMIT,
    format: Annotated[str, typer.Option("--format", "-f", help="human or jsonl.")] = "human",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show what watch --probe found, the latest first; exit status 1 where there is nothing.

    Each line says when a server was asked, which, what it serves, and the certificate that it was asked for.
    """
    from certhia.clock import Clock
    from certhia.config import load
    from certhia.library.recalling import sought

    what = sought(domain=domain, since=since, outcomes=outcome, waiting=waiting, form=format, now=Clock().now())
    shown = asyncio.run(_show(load(given, config), what, limit))
    raise typer.Exit(0 if shown else 1)


async def _show(settings: Settings, sought: Sought, limit: int) -> int:
    """Prints them; gives how many."""
    import sys
    from contextlib import aclosing

    from certhia.clock import Clock
    from certhia.library.recalling import lines
    from certhia.store import probes as queue
    from certhia.store.place import state_place
    from certhia.store.state import State

    shown = 0
    async with await State.open(state_place(settings.state.name), clock=Clock(), follow=False) as state:
        async with aclosing(lines(state, sought)) as found:
            async for line in found:
                if limit and shown == limit:
                    print(f"more are there: --limit {2 * limit} shows some", file=sys.stderr)
                    break
                print(line)
                shown += 1
        if not sought.waiting and (many := await queue.waiting(state)):
            print(f"{many:,} probe{'s wait' if many > 1 else ' waits'}: --waiting shows them", file=sys.stderr)
    return shown
