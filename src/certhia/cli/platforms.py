"""`certhia platforms`: bug bounty platforms of the configuration: tried, asked now, exported."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from certhia.config import Settings

Names = Annotated[list[str] | None, typer.Argument(help="Names of platforms; all that are enabled unless given.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Bug bounty platforms: try credentials, fetch scopes, export them.", no_args_is_help=True)
    group.command("test")(try_)
    group.command("sync")(sync)
    group.command("export")(export)
    app.add_typer(group, name="platforms")


@opt.sets(*opt.NETWORK)
def try_(names: Names = None, *, given: opt.Given, config: opt.Config = None) -> None:
    """Ask each platform for its programmes, and for the scope of the first, and print what it shows; exit status 1
    where one does not answer as it should."""
    from certhia.config import load

    raise typer.Exit(asyncio.run(_test(load(given, config), names or [])))


@opt.sets(*opt.NETWORK, opt.STATE)
def sync(
    names: Names = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and keep nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a platform.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Fetch the scopes now, and print what comes and goes; a running follower fetches and watches them itself. Exit
    status 1 where one could not be asked."""
    from certhia.config import load

    raise typer.Exit(asyncio.run(run_sync(load(given, config), names or [], dry=dry_run, as_json=json)))


@opt.sets(opt.STATE)
def export(
    names: Names = None,
    format: Annotated[str, typer.Option("--format", "-f", help="toml or json.")] = "toml",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Print the scopes that were fetched last as programmes: a file for --watchlist, or a document for a platform of
    type url."""
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.render import quoted

    if format not in ("toml", "json"):
        raise ConfigError(f"--format {quoted(format)} is none: write toml or json")
    asyncio.run(_export(load(given, config), names or [], format))


def _shows(text: str) -> None:
    from certhia import render

    if sys.stderr.isatty():
        print(render.terminal(text), file=sys.stderr)


async def run_sync(settings: Settings, names: Sequence[str], *, dry: bool, as_json: bool = False) -> int:
    """Fetches, and prints the table. Gives the exit status. Raises ConfigError, StateError."""
    from certhia.cli.scopes import json_line, table
    from certhia.clock import Clock
    from certhia.library import fetching

    clock = Clock()
    reports = await (fetching.look if dry else fetching.sync)(settings, names, clock, _shows)
    for line in map(json_line, reports) if as_json else table(reports, dry=dry):
        print(line)
    return int(any(one.synced is None for one in reports))


async def _test(settings: Settings, names: Sequence[str]) -> int:
    from certhia.cli.scopes import shown
    from certhia.clock import Clock
    from certhia.library import fetching
    from certhia.library.setup import connect

    clock, failed = Clock(), False
    each = fetching.chosen(settings, names, clock)
    async with connect(settings, clock) as transport:
        for one in each:
            report = await fetching.try_one(one, transport)
            failed = failed or report.synced is None
            for line in shown(report):
                print(line)
    return int(failed)


async def _export(settings: Settings, names: Sequence[str], form: str) -> None:
    from certhia.cli.scopes import as_json, as_toml
    from certhia.clock import Clock
    from certhia.library import fetching

    each = await fetching.kept(settings, names, Clock())
    for one in each:
        if not one.kept.at:
            print(f"{one.name}: nothing was fetched yet: certhia platforms sync does", file=sys.stderr)
    if form == "json":
        print(as_json(each))
    else:
        for line in as_toml(each):
            print(line)
