"""`certhia serve`: serves everything that the followed logs show, as a certstream server does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from certhia.cli import options as opt
from certhia.cli.options import Option

# What go-certstream reads from the environment, and what we call it.
THEIRS: Final = {"WEBSOCKET_LISTEN": "CERTHIA_SERVE__LISTEN", "CUSTOM_LOG_LIST": "CERTHIA_LOGS__LOG_LIST"}

SERVING_PANEL: Final = "Serving"
ACCESS_PANEL: Final = "Access"
SERVING: Final = (
    Option(
        "--listen",
        list[str],
        "serve.listen",
        "Host and port (127.0.0.1:8080), or unix:PATH; repeatable.",
        SERVING_PANEL,
        "HOST:PORT",
    ),
    Option("--lite", str, "serve.lite", "Path of the lite stream, or off.", SERVING_PANEL, "PATH"),
    Option("--full", str, "serve.full", "Path of the full stream, or off.", SERVING_PANEL, "PATH"),
    Option("--domains", str, "serve.domains", "Path of the names alone, or off.", SERVING_PANEL, "PATH"),
    Option("--sse", str, "serve.sse", "Path of the event streams, or off.", SERVING_PANEL, "PATH"),
    Option("--profile", str, "serve.profile", "Shape of messages: certhia or calidog.", SERVING_PANEL),
    Option("--verified-only", bool, "serve.verified_only", "Send only what is proven.", SERVING_PANEL),
    Option("--names-only", bool, "serve.names_only", "Names alone: few bytes, unverified.", SERVING_PANEL),
    Option("--heartbeat", str, "serve.heartbeat", "Time between heartbeats.", SERVING_PANEL),
    Option("--compression", bool, "serve.compression", "Compress where clients offer it.", SERVING_PANEL),
    Option("--client-buffer", str, "serve.client_buffer", "What may wait for one client, such as 64MB.", SERVING_PANEL),
    Option("--buffers", str, "serve.buffers", "What may wait for all clients together.", SERVING_PANEL),
    Option(
        "--history", str, "serve.history", "Keep what was sent for those who come back, such as 512MB.", SERVING_PANEL
    ),
    Option("--lag-limit", str, "serve.lag_limit", "How far behind a client may be.", SERVING_PANEL),
    Option("--proof-buffer", str, "serve.proof_buffer", "What may wait for its proof.", SERVING_PANEL),
    Option("--dedupe-size", int, "serve.dedupe_size", "Certificates remembered for deduplication.", SERVING_PANEL),
)
ACCESS: Final = (
    Option("--token", list[str], "serve.token", "Token that lets in, better as sha256:HEX; repeatable.", ACCESS_PANEL),
    Option(
        "--token-file", list[Path], "serve.token_file", "File of tokens, one a line; repeatable.", ACCESS_PANEL, "FILE"
    ),
    Option("--open", list[str], "serve.open", "Path that needs no token (/health); repeatable.", ACCESS_PANEL, "PATH"),
    Option(
        "--allow-from",
        list[str],
        "serve.allow_from",
        "Address or network that is answered; repeatable.",
        ACCESS_PANEL,
        "CIDR",
    ),
    Option(
        "--trusted-proxy",
        list[str],
        "serve.trusted_proxy",
        "Proxy whose X-Forwarded-For counts; repeatable.",
        ACCESS_PANEL,
        "CIDR",
    ),
    Option("--cors", list[str], "serve.cors", "Origin of pages that may read; repeatable.", ACCESS_PANEL, "ORIGIN"),
    Option("--max-clients", int, "serve.max_clients", "Connections at once.", ACCESS_PANEL),
    Option("--max-per-address", int, "serve.max_per_address", "Connections at once of one address.", ACCESS_PANEL),
    Option("--connect-rate", float, "serve.connect_rate", "Connections a second of one address.", ACCESS_PANEL),
    Option("--tls-cert", Path, "serve.tls_cert", "Certificate and chain, PEM.", ACCESS_PANEL, "FILE"),
    Option("--tls-key", Path, "serve.tls_key", "Its key, where in another file.", ACCESS_PANEL, "FILE"),
)
MATCHING: Final = (opt.WATCHLIST.saying("File of rules: prints matches too; repeatable."), opt.EXPECTED)
OUTPUT: Final = (
    *opt.MATCHES,
    opt.REDIS,
    opt.STATS,
    opt.ALARMS,
    *opt.METRICS,
    *opt.LOUDNESS,
    opt.LOG_FORMAT,
    opt.LOG_LEVEL,
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)


@opt.sets(*SERVING, *ACCESS, *MATCHING, *opt.READING, *opt.LOGS, *OUTPUT, opt.STATE)
def serve(*, given: opt.Given, config: opt.Config = None) -> None:
    """Serve everything that the logs show, as a certstream server; with -w FILE print matches too."""
    from certhia.cli.session import Session
    from certhia.config import load
    from certhia.library.reloading import again_of

    variables = environment(os.environ)
    again = again_of(given, config, variables)
    raise typer.Exit(asyncio.run(Session(load(given, config, variables), serve=True, again=again).run()))


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment, with what go-certstream's users have set there under our names, where these aren't set."""
    named = {ours: given[theirs] for theirs, ours in THEIRS.items() if given.get(theirs) and not given.get(ours)}
    return {**given, **named}
