"""`certhia tls`: one server, and all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from certhia.cli import options as opt
from certhia.cli.options import Option
from certhia.cli.scan import PROBING_PANEL

ASKING = (
    Option("--sni", str, "scan.sni", "Name to ask for, or none.", PROBING_PANEL, "NAME"),
    Option("--starttls", str, "scan.starttls", "Protocol that leads to TLS: smtp, imap, ...", PROBING_PANEL, "PROTO"),
    Option("--fingerprints", bool, "scan.fingerprints", "JARM and JA3S.", PROBING_PANEL),
    Option("--enumerate", bool, "scan.enumerate", "All versions and suites that are spoken.", PROBING_PANEL),
    Option("--no-verify", bool, "scan.verify", "Check no signatures.", PROBING_PANEL, sets=False),
    Option("--roots", Path, "scan.roots", "Trusted roots, PEM, instead of Mozilla's.", PROBING_PANEL, "FILE"),
    Option("--no-aia", bool, "scan.aia", "Fetch no issuers that the server left out.", PROBING_PANEL, sets=False),
    Option("--revocation", bool, "scan.revocation", "Ask whether it was revoked.", PROBING_PANEL),
    Option("--http", bool, "scan.http", "Ask for /, and read its policies (CSP).", PROBING_PANEL),
    Option("--scripts", bool, "scan.scripts", "Read scripts of the same site, too.", PROBING_PANEL),
    Option("--follow-host", bool, "scan.follow_host", "Follow redirects on the same host.", PROBING_PANEL),
    Option("--all-ips", bool, "scan.all_ips", "All addresses of the host.", PROBING_PANEL),
    Option("--timeout", str, "scan.timeout", "For all of it, those asked about it too, such as 5s.", PROBING_PANEL),
    opt.WATCHLIST.saying("File of watch rules; repeatable.")._replace(panel=opt.OUTPUT_PANEL),
)
FORMATS = ("human", "json", "pem")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("tls")(tls)


@opt.sets(*ASKING)
def tls(
    target: Annotated[str, typer.Argument(help="Host or address, with a port or without, or a URL.", metavar="TARGET")],
    format: Annotated[
        str, typer.Option("--format", help="human, json or pem.", rich_help_panel=opt.OUTPUT_PANEL)
    ] = "human",
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Show everything about one server: handshake, certificate, chain, and what holds against it.

    Exit status: 0 where nothing of severity high or critical holds against it, 1 where something does or there is no
    TLS, 2 where the command makes no sense.
    """
    from certhia.cli.one_server import look
    from certhia.config import load
    from certhia.errors import ConfigError

    if format not in FORMATS:
        raise ConfigError(f"{format!r} is no format; write human, json or pem")
    always = {"scan.targets": [target], "scan.full": True, "scan.allow_private": True}
    settings = load({"scan.verify": True, "scan.aia": True, **given, **always}, config)
    raise typer.Exit(asyncio.run(look(settings, format)))
