"""Every option there is, in sections: what the file, the environment and the flags may set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic.config import JsonDict

from certhia.config.levels import level
from certhia.config.listen import Listen
from certhia.config.modules import Modules
from certhia.config.platforms import Platforms
from certhia.config.scanning import ScanOptions
from certhia.config.sinks import SinkSettings
from certhia.config.values import (
    MB,
    Address,
    Bandwidth,
    Files,
    Interval,
    Most,
    Named,
    Networks,
    Place,
    Proxies,
    Seconds,
    Section,
    Size,
    Start,
    StreamUrl,
    Token,
    Written,
)
from certhia.quantity import Point
from certhia.render import quoted

RESTART: Final[JsonDict] = {"restart": True}  # a change takes effect when the program is started again


class LogOptions(Section):
    """How one log is read, `[logs."URL"]`: what is said here holds instead of what holds for all."""

    rate: float | None = Field(None, gt=0, description="The most requests a second to it")
    parallel: int | None = Field(None, ge=1, le=64, description="The most requests to it at once")
    page: int | None = Field(
        None, ge=1, le=100_000, description="How many entries to ask an RFC 6962 log for at once; else what it gives"
    )
    poll: Interval | None = Field(None, description="How often its head is asked for")


class Logs(Section):
    """Which logs are followed."""

    lists: tuple[Literal["google", "apple"], ...] = Field(("google",), description="Published log lists to merge")
    log_list: tuple[Place, ...] = Field((), description="Log lists of your own, files or URLs; they need no signature")
    log: tuple[str, ...] = Field((), description="URLs of the only logs to follow, whatever the lists say")
    log_key: tuple[str, ...] = Field(
        (), description="Keys of the logs in `logs.log`, in their order (base64 or a PEM file); else asked of the log"
    )
    add_log: tuple[str, ...] = Field((), description="URLs of logs to follow besides those of the lists")
    allow: tuple[str, ...] = Field(
        (), description="Follow only logs whose operator, description or URL matches one of these globs"
    )
    deny: tuple[str, ...] = Field(
        (), description="Never follow logs whose operator, description or URL matches one of these globs"
    )
    include: tuple[Literal["pending", "retired", "rejected", "test", "all"], ...] = Field(
        (), description="Follow logs in these states too, besides usable, qualified and readonly"
    )
    expired: bool = Field(False, description="Follow shards whose interval has ended, too")
    refresh: Interval = Field(21600.0, description="How often the lists are fetched again")
    accept_drop: bool = Field(
        False, description="Take a log list although it drops more than 30 % of the logs that are followed"
    )
    hybrids: tuple[str, ...] = Field(
        (),
        description="Changes to the shipped table of RFC 6962 logs that serve data tiles: URL or URL=TILES_URL adds, "
        "-URL takes away, none takes away all",
    )
    each: dict[str, LogOptions] = Field(
        {}, description="How single logs are read: tables named by the URL that people know the log by"
    )


class Read(Section):
    """How logs are read."""

    from_: Start = Field(
        Point("now"),
        alias="from",
        description="Where a log without a stored position begins: now, beginning, an index, -N or a date",
    )
    until: Start | None = Field(None, description="Where to end, like `read.from`; now is the head at the start")
    max_backlog: Most | None = Field(
        None, description="Skip ahead, and record it, when more entries than this, or older ones, wait"
    )
    patience: Seconds = Field(60.0, description="How long a static log's partial tile may fill before it is read")
    poll_static: Interval = Field(10.0, description="How often a static log's head is asked for")
    poll_rfc6962: Interval = Field(30.0, description="How often an RFC 6962 log's head is asked for")
    memory: Size = Field(64 * MB, description="The most that bodies in flight and waiting may take")
    max_bandwidth: Bandwidth | None = Field(None, description="The most bytes a second to read from all logs")
    max_rate: float | None = Field(None, gt=0, description="The most requests a second to all logs")
    max_parallel: int | None = Field(None, ge=1, description="The most requests at once to all logs")
    certstream: tuple[StreamUrl, ...] = Field(
        (),
        description="certstream servers to read, unverified, instead of logs: ws, wss, or http, https for events",
        json_schema_extra=RESTART,
    )
    with_logs: bool = Field(False, description="Follow the logs beside such servers, too", json_schema_extra=RESTART)
    contact: str | None = Field(
        None,
        max_length=200,
        description="A mail address or https URL for log operators, sent in the User-Agent",
    )
    ca_file: Path | None = Field(None, description="PEM file of authorities to trust besides the system's")


class Watch(Section):
    """What is looked for."""

    rules: tuple[str, ...] = Field((), description="Watch rules")
    files: tuple[Path, ...] = Field((), description="Files of watch rules: one a line, or programmes in TOML or YAML")
    precerts: bool = Field(True, description="Look at precertificates too")
    every_sighting: bool = Field(False, description="Tell every log entry of a certificate, not each certificate once")
    dedupe_size: int = Field(100_000, ge=1, description="How many certificates are remembered to tell each once")
    dedupe_ttl: Interval = Field(604800.0, description="How long a certificate is remembered to tell it once")
    expected: tuple[Path, ...] = Field(
        (),
        description="Your own certificates: directories of them, or files with `key:`, `cert:` and `issuer:` lines; "
        "matches of these are informational",
    )
    roots: Path | None = Field(None, description="A file of registrable domains that output is limited to")
    probe: tuple[Literal["now", "5m", "1h", "1d"], ...] = Field(
        (),
        description="When to ask the servers that a told certificate names what they show: so long after it was logged",
        json_schema_extra=RESTART,
    )


class Output(Section):
    """How matches are told."""

    format: Literal["human", "jsonl", "json", "csv", "silent"] = Field(
        "human",
        description="What standard output shows",
    )
    files: Files = Field((), description="Files to append matches to: .jsonl, .ndjson, .json, .csv or .txt")
    require_redis: bool = Field(
        False,
        description="Start only where every sink of type redis can be written to, and there is one",
    )
    alarms: Path | None = Field(
        None,
        description="File to append alarms to: a line of JSON when one is raised, and one when it is over",
    )
    kinds: tuple[Literal["alert", "possible", "expected"], ...] = Field(
        ("alert", "possible", "expected"), description="Which kinds of matches are told; all are stored"
    )
    stats: Interval | None = Field(None, description="How often to print figures on standard error")
    health_interval: Interval = Field(
        300.0,
        description="How soon an alarm is raised after what it tells of has begun, and cleared after it is over",
    )
    progress: bool = Field(
        True,
        description="Show the logs as they are read, where standard error is a terminal",
    )
    quiet: bool = Field(False, description="Say nothing on standard error but errors")
    verbose: int = Field(0, ge=0, le=3, description="How much to say about the work itself")
    log_format: Literal["text", "json"] = Field("text", description="The form of messages on standard error")
    color: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Colours: auto on a terminal, unless NO_COLOR is set",
    )


OFF = "off"


def _route(value: str) -> str:
    text = value.strip()
    if text.lower() in ("", OFF, "none", "false"):
        return OFF
    if not text.startswith("/") or not text.isprintable() or any(one in text for one in "?#{} %"):
        raise ValueError(f"{quoted(value)} is no path; write one that begins with a slash, or off")
    return text


Route = Annotated[str, AfterValidator(_route), Written("path or off")]


def _origin(value: str) -> str:
    text = value.strip().rstrip("/").lower()
    if text != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/?#@\s,]+", text):
        raise ValueError(f"{quoted(value)} is no origin; write https://example.com, or * for all")
    return text


Origin = Annotated[str, AfterValidator(_origin), Written("origin")]


class Serve(Section):
    """What `certhia serve` offers, and to whom."""

    listen: tuple[Address, ...] = Field(
        (Listen("127.0.0.1", 8080),),
        description="Where to listen: hosts and ports, or `unix:/path`; `:8080` is every address",
        json_schema_extra=RESTART,
    )
    lite: Route = Field(
        "/",
        description="Path of the stream without chains and DER; other paths lead there too",
        json_schema_extra=RESTART,
    )
    full: Route = Field("/full-stream", description="Path of the stream with chains and DER", json_schema_extra=RESTART)
    domains: Route = Field("/domains-only", description="Path of the stream of names alone", json_schema_extra=RESTART)
    sse: Route = Field(
        "/sse", description="Path of the event streams, all three by `?stream=`", json_schema_extra=RESTART
    )
    profile: Literal["certhia", "calidog"] = Field(
        "certhia", description="What messages look like unless a client says `?profile=`; calidog is the original's"
    )
    verified_only: bool = Field(False, description="Send only what is proven, each log in its order")
    names_only: bool = Field(
        False,
        description="Serve names alone, read from names tiles where logs have them: a tenth of the bytes, unverified",
        json_schema_extra=RESTART,
    )
    heartbeat: Interval | None = Field(30.0, description="How often clients are sent a heartbeat")
    compression: bool = Field(False, description="Compress messages for clients that offer permessage-deflate")
    client_buffer: Size = Field(64 * MB, description="The most that may wait for one client; beyond, it loses messages")
    buffers: Size = Field(
        128 * MB, description="The most that may wait for all clients together; what several wait for counts once"
    )
    history: Size | None = Field(
        None,
        ge=16 * MB,
        description="How much of what was sent is kept on disk, below the state, for clients that come back; unless "
        "given nothing is",
        json_schema_extra=RESTART,
    )
    lag_limit: Interval = Field(60.0, description="How far behind a client may be before it is closed")
    proof_buffer: Size = Field(
        64 * MB,
        description="The most that may wait for its proof, for those who want no other",
    )
    dedupe_size: int = Field(
        1_000_000,
        ge=1,
        le=1 << 28,
        description="How many certificates are remembered for those who want each once",
    )
    token: tuple[Token, ...] = Field(
        (), description="Tokens that let in, each as `sha256:` with 64 hex digits, or itself; none: all are let in"
    )
    token_file: tuple[Path, ...] = Field(
        (), description="Files of such tokens, one a line; read again when they change"
    )
    open: tuple[Route, ...] = Field(("/health",), description="Paths that need no token; given, it is these alone")
    allow_from: tuple[Networks, ...] = Field((), description="Addresses and networks that are answered; none: all are")
    trusted_proxy: tuple[Proxies, ...] = Field(
        (),
        description="Addresses and networks of proxies whose `X-Forwarded-For` is believed; `unix`: of a Unix socket",
    )
    cors: tuple[Origin, ...] = Field((), description="Origins of web pages that may read answers; `*` for all")
    max_clients: int = Field(10_000, ge=1, description="The most connections at once")
    max_per_address: int = Field(
        100, ge=1, description="The most connections at once of one address (IPv6: /64) but this machine's"
    )
    connect_rate: float = Field(
        20.0, gt=0, description="The most connections a second of such an address, after 100 at once"
    )
    tls_cert: Path | None = Field(
        None, description="PEM file of the certificate and its chain; read again when it changes, and on SIGHUP"
    )
    tls_key: Path | None = Field(None, description="PEM file of its key, where that is another file")


class State(Section):
    """Where positions and matches are kept."""

    name: Named | None = Field(
        None,
        description="A name below `$XDG_STATE_HOME/certhia`, a directory (with a slash in it) or a database "
        "(postgresql://USER@HOST/NAME)",
        json_schema_extra=RESTART,
    )
    max_matches: int = Field(1_000_000, ge=1, description="How many matches are kept; the oldest told ones go first")
    max_events: int = Field(
        1000, ge=0, le=1_000_000, description="How many events of each type are kept; the oldest go first; 0 keeps none"
    )
    keep_matches: Interval | None = Field(None, description="How long matches are kept once they were told")
    keep_quarantine: Interval | None = Field(
        None, description="How long the bytes of entries that could not be decoded are kept; that they are there stays"
    )
    keep_dead_letters: Interval | None = Field(
        2592000.0, description="How long what a sink never took is kept, after it was given up"
    )
    keep_alarms: Interval | None = Field(7776000.0, description="How long alarms are kept, after they cleared")
    keep_ledger: Interval = Field(
        21600.0, description="How long the ledger's steps are kept one by one; older ones become one an hour"
    )


class Metrics(Section):
    """What Prometheus is told of `certhia watch` and `certhia serve`."""

    listen: tuple[Address, ...] = Field(
        (),
        description="Where `/metrics`, `/health` and `/ready` are answered, besides what is served",
        json_schema_extra=RESTART,
    )
    file: Annotated[str, Written("file or -")] | None = Field(
        None,
        description="File that metrics are written to, for node_exporter; - is standard output",
    )
    interval: Interval = Field(15.0, description="How often they are")


class Log(Section):
    """What is said on standard error, and by whom."""

    levels: tuple[Annotated[str, AfterValidator(level), Written("room=level")], ...] = Field(
        (),
        description="The lowest level that single parts of the program say: `sinks=debug`, `logs=warning`; the others "
        "go by `output.quiet` and `output.verbose`",
    )


class Settings(Section):
    """All of it. `certhia.config.load` makes one."""

    logs: Logs = Field(Logs(), description="Which logs are followed")
    read: Read = Field(Read(), description="How logs are read")
    watch: Watch = Field(Watch(), description="What is looked for")
    output: Output = Field(Output(), description="How matches are told")
    serve: Serve = Field(Serve(), description="What is served")
    log: Log = Field(Log(), description="What is said on standard error")
    metrics: Metrics = Field(Metrics(), description="What Prometheus is told")
    scan: ScanOptions = Field(ScanOptions(), description="What is asked of servers")
    state: State = Field(State(), description="Where positions and matches are kept")
    platforms: Platforms = Field(Platforms(), description="Whose scopes are watched")
    modules: Modules = Field(Modules(), description="What people add")
    sinks: dict[str, SinkSettings] = Field({}, description="Where matches are sent: tables with names of your choice")
