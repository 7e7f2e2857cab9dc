"""`certhia suffixes`: the public suffix list that rules go by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("suffixes")(suffixes)


@opt.sets(*opt.NETWORK)
def suffixes(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names whose registrable domains are wanted.", metavar="[NAME]...")
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch the list anew and use it from now on.")] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Where from, instead of publicsuffix.org.", metavar="URL")
    ] = None,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show the public suffix list in use, fetch a new one, or give the registrable domains of names."""
    import sys

    from certhia import render
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.rules.suffixes import URL, in_use

    if url is not None and not refresh:
        raise ConfigError("--url says where to fetch from: give --refresh too")
    if refresh:
        settings = load(given, config)
        asyncio.run(_refresh(settings, url or URL))
    found = in_use()
    if found.notice:
        print(render.terminal(found.notice), file=sys.stderr)
    if not names:
        print(render.terminal(str(found)))
        return
    missing = 0
    for name in names:
        domain = found.suffixes.registrable_domain(name)
        missing += domain is None
        print(f"{render.domain(name)}: {render.domain(domain) if domain else 'no registrable domain'}")
    raise typer.Exit(1 if missing else 0)


async def _refresh(settings: Settings, url: str) -> None:
    """Fetches the list, checks it and puts it in the place of the one in use."""
    from certhia.clock import Clock
    from certhia.errors import StateError
    from certhia.library.setup import connect
    from certhia.logs.kept import replace
    from certhia.rules.suffixes import fetch, place

    path = place()
    async with connect(settings, Clock()) as transport:
        body = await fetch(transport, url)
    try:
        await asyncio.to_thread(replace, path, body)
    except OSError as error:
        raise StateError(f"{path}: cannot be written: {error.strerror or error}; is the disk full?") from error
