"""`certhia observations`: what scans found where, as far as it was kept."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Annotated

import typer

from certhia import render
from certhia.cli import options as opt
from certhia.clock import iso

if TYPE_CHECKING:
    from certhia.store.observations import Observation


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("observations")(observations)


@opt.sets(opt.STATE)
def observations(
    wanted: Annotated[
        str, typer.Argument(help="A name, with all below it, or an address; all without.", metavar="[NAME|ADDRESS]")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show which names scans with --keep found at which addresses, and when; exit status 1 where there is nothing."""
    from certhia.config import load
    from certhia.store.observations import Observations
    from certhia.store.place import state_place

    held = Observations(state_place(load(given, config).state.name).directory, made=False)
    nothing = True
    for one in held.find(wanted):
        nothing = False
        print(_line(one, as_json=json))
    held.close()
    raise typer.Exit(1 if nothing else 0)


def _line(one: Observation, *, as_json: bool) -> str:
    certificate = one.certificate.hex() or None
    if as_json:
        return jsonlib.dumps({**one._asdict(), "certificate": certificate})
    place = f"[{one.address}]:{one.port}" if ":" in one.address else f"{one.address}:{one.port}"
    span = f"{_time(one.first_seen)} to {_time(one.last_seen)}"
    how = one.source if one.confidence == 1 else f"{one.source} {one.confidence:g}"
    return f"{render.domain(one.name)}  {place}  {how}  {span}  {(certificate or 'no certificate')[:16]}"


def _time(seconds: float) -> str:
    return iso(seconds)[:19].replace("T", " ")
