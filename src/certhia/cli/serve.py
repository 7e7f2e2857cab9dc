"""`certhia serve`: serves everything that the followed logs show, as a certstream server does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from certhia.cli import options as opt

SERVING: Final = "Serving"
ACCESS: Final = "Access"
# What go-certstream reads from the environment, and what we call it.
THEIRS: Final = {"WEBSOCKET_LISTEN": "CERTHIA_SERVE__LISTEN", "CUSTOM_LOG_LIST": "CERTHIA_LOGS__LOG_LIST"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)


def serve(
    listen: Annotated[
        list[str] | None,
        typer.Option(
            help="Host and port (127.0.0.1:8080), or unix:PATH; repeatable.",
            rich_help_panel=SERVING,
            metavar="HOST:PORT",
        ),
    ] = None,
    lite: Annotated[
        str | None, typer.Option(help="Path of the lite stream, or off.", rich_help_panel=SERVING, metavar="PATH")
    ] = None,
    full: Annotated[
        str | None, typer.Option(help="Path of the full stream, or off.", rich_help_panel=SERVING, metavar="PATH")
    ] = None,
    domains: Annotated[
        str | None, typer.Option(help="Path of the names alone, or off.", rich_help_panel=SERVING, metavar="PATH")
    ] = None,
    sse: Annotated[
        str | None, typer.Option(help="Path of the event streams, or off.", rich_help_panel=SERVING, metavar="PATH")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Shape of messages: certhia or calidog.", rich_help_panel=SERVING)
    ] = None,
    verified_only: Annotated[
        bool, typer.Option("--verified-only", help="Send only what is proven.", rich_help_panel=SERVING)
    ] = False,
    heartbeat: Annotated[str | None, typer.Option(help="Time between heartbeats.", rich_help_panel=SERVING)] = None,
    compression: Annotated[
        bool, typer.Option("--compression", help="Compress where clients offer it.", rich_help_panel=SERVING)
    ] = False,
    client_buffer: Annotated[
        str | None, typer.Option(help="What may wait for one client, such as 64MB.", rich_help_panel=SERVING)
    ] = None,
    buffers: Annotated[
        str | None, typer.Option(help="What may wait for all clients together.", rich_help_panel=SERVING)
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(help="Keep what was sent for those who come back, such as 512MB.", rich_help_panel=SERVING),
    ] = None,
    lag_limit: Annotated[
        str | None, typer.Option(help="How far behind a client may be.", rich_help_panel=SERVING)
    ] = None,
    proof_buffer: Annotated[
        str | None, typer.Option(help="What may wait for its proof.", rich_help_panel=SERVING)
    ] = None,
    dedupe_size: Annotated[
        int | None, typer.Option(help="Certificates remembered for deduplication.", rich_help_panel=SERVING)
    ] = None,
    token: Annotated[
        list[str] | None,
        typer.Option(help="Token that lets in, better as sha256:HEX; repeatable.", rich_help_panel=ACCESS),
    ] = None,
    token_file: Annotated[
        list[Path] | None,
        typer.Option(help="File of tokens, one a line; repeatable.", rich_help_panel=ACCESS, metavar="FILE"),
    ] = None,
    open: Annotated[
        list[str] | None,
        typer.Option(help="Path that needs no token (/health); repeatable.", rich_help_panel=ACCESS, metavar="PATH"),
    ] = None,
    allow_from: Annotated[
        list[str] | None,
        typer.Option(help="Address or network that is answered; repeatable.", rich_help_panel=ACCESS, metavar="CIDR"),
    ] = None,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(help="Proxy whose X-Forwarded-For counts; repeatable.", rich_help_panel=ACCESS, metavar="CIDR"),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(help="Origin of pages that may read; repeatable.", rich_help_panel=ACCESS, metavar="ORIGIN"),
    ] = None,
    max_clients: Annotated[int | None, typer.Option(help="Connections at once.", rich_help_panel=ACCESS)] = None,
    max_per_address: Annotated[
        int | None, typer.Option(help="Connections at once of one address.", rich_help_panel=ACCESS)
    ] = None,
    connect_rate: Annotated[
        float | None, typer.Option(help="Connections a second of one address.", rich_help_panel=ACCESS)
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate and chain, PEM.", rich_help_panel=ACCESS, metavar="FILE")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its key, where in another file.", rich_help_panel=ACCESS, metavar="FILE")
    ] = None,
    watchlist: Annotated[
        list[Path] | None,
        typer.Option("--watchlist", "-w", help="File of rules: prints matches too; repeatable.", metavar="FILE"),
    ] = None,
    expected: Annotated[
        list[Path] | None,
        typer.Option(help="Your own certificates: directory or file; repeatable.", metavar="PATH"),
    ] = None,
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
    stats: Annotated[
        float | None,
        typer.Option(help="Figures every so many seconds (60).", rich_help_panel=opt.OUTPUT, metavar="[SECONDS]"),
    ] = None,
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
    """Serve everything that the logs show, as a certstream server; with -w FILE print matches too."""
    from certhia.cli.session import Session
    from certhia.config import load

    given = opt.flags(
        serve__listen=listen,
        serve__lite=lite,
        serve__full=full,
        serve__domains=domains,
        serve__sse=sse,
        serve__profile=profile,
        serve__verified_only=verified_only or None,
        serve__heartbeat=heartbeat,
        serve__compression=compression or None,
        serve__client_buffer=client_buffer,
        serve__buffers=buffers,
        serve__history=history,
        serve__lag_limit=lag_limit,
        serve__proof_buffer=proof_buffer,
        serve__dedupe_size=dedupe_size,
        serve__token=token,
        serve__token_file=token_file,
        serve__open=open,
        serve__allow_from=allow_from,
        serve__trusted_proxy=trusted_proxy,
        serve__cors=cors,
        serve__max_clients=max_clients,
        serve__max_per_address=max_per_address,
        serve__connect_rate=connect_rate,
        serve__tls_cert=tls_cert,
        serve__tls_key=tls_key,
        watch__files=watchlist,
        watch__expected=expected,
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
        output__stats=stats,
        output__quiet=quiet or None,
        output__verbose=verbose or None,
        output__log_format=log_format,
        state__name=state,
    )
    settings = load(given, config, environment(os.environ))
    raise typer.Exit(asyncio.run(Session(settings, serve=True).run()))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment, with what go-certstream's users have set there under our names, where these aren't set."""
    named = {ours: given[theirs] for theirs, ours in THEIRS.items() if given.get(theirs) and not given.get(ours)}
    return {**given, **named}
