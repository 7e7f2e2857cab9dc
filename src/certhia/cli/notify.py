"""`certhia notify`: a sample to the people whom sinks of type notify tell."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from certhia.cli import options as opt


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Messages to people: send a sample.", no_args_is_help=True)
    group.callback()(_group)
    group.command("test")(send_samples)
    app.add_typer(group, name="notify")


def _group() -> None:
    """Messages to people: send a sample."""


@opt.sets()
def send_samples(
    names: Annotated[list[str] | None, typer.Argument(help="Names of sinks; all of type notify unless given.")] = None,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Send a sample match to sinks of type notify, and print what came back; exit status 1 where one was not taken."""
    from certhia.cli.sinks import try_one
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.render import quoted

    settings = load(given, config)
    known = [name for name, one in settings.sinks.items() if one.type == "notify"]
    for name in names or []:
        if name not in known:
            raise ConfigError(f"{quoted(name)} is no sink of type notify; configured are: {', '.join(known) or 'none'}")
    if not known:
        raise ConfigError('no sink of type notify is configured: write [sinks.NAME] with type = "notify" and its urls')
    failed = [name for name in names or known if asyncio.run(try_one(settings, name))]
    raise typer.Exit(1 if failed else 0)
