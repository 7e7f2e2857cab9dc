"""`certhia watch`: follows the logs and tells of certificates that concern the user."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from certhia.cli import options as opt


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("watch")(watch)


def watch(
    rules: Annotated[
        list[str] | None,
        typer.Argument(
            help="example.com, *.example.com, =host, 192.0.2.0/24, kw:acme, !test.example.com, . and more.",
            metavar="[RULE]...",
        ),
    ] = None,
    watchlist: Annotated[
        list[Path] | None,
        typer.Option(
            "--watchlist", "-w", help="File of rules, read again when it changes; repeatable.", metavar="FILE"
        ),
    ] = None,
    no_precerts: Annotated[bool, typer.Option("--no-precerts", help="Leave precertificates out.")] = False,
    every_sighting: Annotated[
        bool, typer.Option("--every-sighting", help="Tell of each sighting, not once a certificate.")
    ] = False,
    dedupe_size: Annotated[int | None, typer.Option(help="Certificates remembered for deduplication.")] = None,
    dedupe_ttl: Annotated[str | None, typer.Option(help="How long they are remembered.")] = None,
    expected: Annotated[
        list[Path] | None,
        typer.Option(help="Your own certificates: directory or file; repeatable.", metavar="PATH"),
    ] = None,
    roots: Annotated[Path | None, typer.Option(help="Tell only of these registrable domains.", metavar="FILE")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="now, beginning, an index, -N or a date.", rich_help_panel=opt.READING)
    ] = None,
    until: Annotated[str | None, typer.Option(help="Likewise; then ends.", rich_help_panel=opt.READING)] = None,
    max_backlog: Annotated[
        str | None,
        typer.Option(
            help="Skip ahead of an older backlog: entries, or an age.", rich_help_panel=opt.READING, metavar="N|AGE"
        ),
    ] = None,
    patience: Annotated[
        str | None, typer.Option(help="How long a tile may stay partial.", rich_help_panel=opt.READING)
    ] = None,
    poll: Annotated[str | None, typer.Option(help="Time between heads of a log.", rich_help_panel=opt.READING)] = None,
    memory: Annotated[str | None, typer.Option(help="For bodies in flight.", rich_help_panel=opt.READING)] = None,
    max_bandwidth: Annotated[
        str | None, typer.Option(help="Of all logs, such as 2MB/s.", rich_help_panel=opt.READING)
    ] = None,
    max_rate: Annotated[
        str | None, typer.Option(help="Requests a second, all logs.", rich_help_panel=opt.READING)
    ] = None,
    max_parallel: Annotated[
        int | None, typer.Option(help="Requests at once, all logs.", rich_help_panel=opt.READING)
    ] = None,
    certstream: opt.Certstreams = None,
    with_logs: opt.WithLogs = False,
    contact: opt.Contact = None,
    ca_file: opt.CaFile = None,
    lists: opt.ListNames = None,
    log_list: opt.OwnLists = None,
    log: opt.OnlyLogs = None,
    log_key: opt.LogKeys = None,
    add_log: opt.AddLogs = None,
    allow: opt.Allow = None,
    deny: opt.Deny = None,
    include: opt.Include = None,
    expired: opt.Expired = None,
    accept_drop: opt.AcceptDrop = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="human, jsonl, json, csv or silent.", rich_help_panel=opt.OUTPUT),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output", "-o", help="File, format by extension; repeatable.", rich_help_panel=opt.OUTPUT, metavar="FILE"
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(help="Told kinds of matches: alert,possible,expected.", rich_help_panel=opt.OUTPUT),
    ] = None,
    stats: Annotated[
        float | None,
        typer.Option(help="Figures every so many seconds (60).", rich_help_panel=opt.OUTPUT, metavar="[SECONDS]"),
    ] = None,
    health_interval: Annotated[
        str | None, typer.Option(help="How soon alarms are raised, such as 5m.", rich_help_panel=opt.OUTPUT)
    ] = None,
    alarms: opt.Alarms = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only matches and errors.", rich_help_panel=opt.OUTPUT)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="More of what happens.", rich_help_panel=opt.OUTPUT)
    ] = False,
    log_format: Annotated[
        str | None, typer.Option(help="text or json, of messages on stderr.", rich_help_panel=opt.OUTPUT)
    ] = None,
    state: opt.StateName = None,
    config: opt.Config = None,
) -> None:
    """Follow the logs and print certificates that concern you."""
    from certhia.cli.session import Session
    from certhia.config import load

    given = opt.flags(
        watch__rules=rules,
        watch__files=watchlist,
        watch__precerts=False if no_precerts else None,
        watch__every_sighting=every_sighting or None,
        watch__dedupe_size=dedupe_size,
        watch__dedupe_ttl=dedupe_ttl,
        watch__expected=expected,
        watch__roots=roots,
        read__from=from_,
        read__until=until,
        read__max_backlog=max_backlog,
        read__patience=patience,
        read__poll_static=poll,
        read__poll_rfc6962=poll,
        read__memory=memory,
        read__max_bandwidth=max_bandwidth,
        read__max_rate=max_rate,
        read__max_parallel=max_parallel,
        read__certstream=certstream,
        read__with_logs=with_logs or None,
        read__contact=contact,
        read__ca_file=ca_file,
        logs__lists=lists,
        logs__log_list=log_list,
        logs__log=log,
        logs__log_key=log_key,
        logs__add_log=add_log,
        logs__allow=allow,
        logs__deny=deny,
        logs__include=include,
        logs__expired=expired,
        logs__accept_drop=accept_drop,
        output__format=format,
        output__files=output,
        output__kinds=kinds,
        output__stats=stats,
        output__health_interval=health_interval,
        output__alarms=alarms,
        output__quiet=quiet or None,
        output__verbose=verbose or None,
        output__log_format=log_format,
        state__name=state,
    )
    raise typer.Exit(asyncio.run(Session(load(given, config)).run()))
