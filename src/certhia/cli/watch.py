"""`certhia watch`: follows the logs and tells of certificates that concern the user."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from certhia.cli import options as opt
from certhia.cli.options import Option

MATCHING = (
    opt.RULES.saying("example.com, *.example.com, =host, 192.0.2.0/24, kw:acme, !test.example.com, . and more."),
    opt.WATCHLIST.saying("File of rules, read again when it changes; repeatable."),
    Option("--no-precerts", bool, "watch.precerts", "Leave precertificates out.", sets=False),
    Option(
        "--every-sighting --no-dedupe", bool, "watch.every_sighting", "Tell of each sighting, not once a certificate."
    ),
    Option("--dedupe-size", int, "watch.dedupe_size", "Certificates remembered for deduplication."),
    Option("--dedupe-ttl", str, "watch.dedupe_ttl", "How long they are remembered."),
    opt.EXPECTED,
    Option("--roots -r --root-domains", Path, "watch.roots", "Tell only of these registrable domains.", metavar="FILE"),
    Option("--probe", str, "watch.probe", "Ask named servers so long after logging.", metavar="[now,5m,1h,1d]"),
)
# The sink [sinks.webhook], by ct-scout's names.
WEBHOOK = (
    Option("--webhook", str, "sinks.webhook.url", "Send matches there by POST.", opt.OUTPUT_PANEL, "URL"),
    Option(
        "--webhook-secret",
        str,
        "sinks.webhook.ctscout_secret",
        "Key of X-CTScout-Signature; a file or variable hides it better.",
        opt.OUTPUT_PANEL,
        "KEY",
    ),
    Option(
        "--webhook-timeout", str, "sinks.webhook.timeout", "How long its answer may take.", opt.OUTPUT_PANEL, "SECONDS"
    ),
    Option("--no-webhook", bool, "sinks.webhook.enabled", "Send nothing to it.", opt.OUTPUT_PANEL, sets=False),
)
OUTPUT = (
    *opt.MATCHES,
    Option("--kinds", str, "output.kinds", "Told kinds of matches: alert,possible,expected.", opt.OUTPUT_PANEL),
    opt.REDIS,
    opt.STATS,
    Option("--stats-interval", float, "output.stats", "The same, as ct-scout has it.", opt.OUTPUT_PANEL, "SECONDS"),
    Option("--no-progress", bool, "output.progress", "No live picture on the terminal.", opt.OUTPUT_PANEL, sets=False),
    Option("--json -j", bool, "output.format", "--format jsonl.", opt.OUTPUT_PANEL, sets="jsonl"),
    Option("--csv", bool, "output.format", "--format csv.", opt.OUTPUT_PANEL, sets="csv"),
    Option("--silent -s", bool, "output.format", "--format silent.", opt.OUTPUT_PANEL, sets="silent"),
    *WEBHOOK,
    Option(
        "--health-interval",
        str,
        "output.health_interval",
        "How soon alarms are raised, such as 5m.",
        opt.OUTPUT_PANEL,
    ),
    opt.ALARMS,
    *opt.METRICS,
    *opt.LOUDNESS,
    opt.LOG_FORMAT,
    opt.LOG_LEVEL,
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("watch")(watch)


@opt.sets(*MATCHING, *opt.READING, *opt.LOGS, *OUTPUT, opt.STATE)
def watch(
    dry_run_sync: Annotated[
        bool, typer.Option("--dry-run-sync", help="Print what platforms would change in the rules, and end.")
    ] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Follow the logs and print certificates that concern you."""
    from certhia.config import load

    if dry_run_sync:
        from certhia.cli.platforms import run_sync

        raise typer.Exit(asyncio.run(run_sync(load(given, config), (), dry=True)))
    from certhia.cli.session import Session
    from certhia.library.reloading import again_of

    raise typer.Exit(asyncio.run(Session(load(given, config), again=again_of(given, config)).run()))
