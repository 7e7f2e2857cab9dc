"""`certhia sinks`: the sinks of the configuration, and a sample sent to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia.config import Settings

WITHIN = 60.0  # seconds that a sink has


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Sinks of the configuration: list them, send one a sample.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("test")(send_sample)
    app.add_typer(group, name="sinks")


@opt.sets()
def list_(*, given: opt.Given, config: opt.Config = None) -> None:
    """List the sinks that are configured: name, type, what is sent to them."""
    from certhia.config import load

    settings = load(given, config)
    for name, one in settings.sinks.items():
        wants = [
            f"{what}: {', '.join(values)}"
            for what in ("events", "programmes", "rules", "kinds", "severities")
            if (values := getattr(one, what)) and (what, values) != ("events", ("match",))
        ]
        print(f"{name}: {one.type}{'' if one.enabled else ', not enabled'}{'; ' if wants else ''}{'; '.join(wants)}")
    if not settings.sinks:
        print('no sink is configured: write [sinks.NAME] with type = "webhook", for one, into the settings')


@opt.sets()
def send_sample(
    name: Annotated[str, typer.Argument(help="Name of the sink.")],
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Send a sample match to a sink, at once and past its outbox, and print what came back; exit status 1 where it was
    not taken."""
    from certhia.config import load

    raise typer.Exit(asyncio.run(try_one(load(given, config), name)))


async def try_one(settings: Settings, name: str) -> int:
    """Sends a sample to one sink, and prints what came back. Gives the exit status. Raises ConfigError."""
    from certhia import render
    from certhia._core import build_info
    from certhia.clock import Clock
    from certhia.errors import ConfigError
    from certhia.model import Delivery
    from certhia.net import user_agent
    from certhia.sinks.open import Outside, open_sink
    from certhia.sinks.sample import sample

    if name not in settings.sinks:
        known = ", ".join(settings.sinks) or "none"
        raise ConfigError(f"{render.quoted(name)}: there is no such sink; configured are: {known}")
    clock = Clock()

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        del level, log
        print(f"  {render.terminal(text)}")

    outside = Outside(clock, tell, user_agent(build_info["version"], settings.read.contact))
    sink = await open_sink(name, settings.sinks[name], outside)
    begun = clock.monotonic()
    try:
        async with clock.deadline(WITHIN):
            await sink.send([Delivery(0, sample(clock.now()))])
    except Exception as error:  # noqa: BLE001  (a sink may be anybody's code: what it says is what was asked for)
        said = str(error) or f"no end within {WITHIN:.0f} s"
        print(f"{name}: not taken: {type(error).__name__}: {render.terminal(said)}")
        return 1
    finally:
        await sink.close()
    answer = getattr(sink, "answer", "")
    took = 1000 * (clock.monotonic() - begun)
    print(f"{name}: taken in {took:.0f} ms{': ' if answer else ''}{render.terminal(str(answer))}")
    return 0
