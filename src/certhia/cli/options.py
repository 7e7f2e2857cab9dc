"""Options that several commands share. Their defaults live in `certhia.config`: an option not given sets nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LOGS = "Which logs"
READING = "Reading logs"
OUTPUT = "Output"
STATE = "State and settings"

Config = Annotated[Path | None, typer.Option("--config", help="Settings file, TOML or YAML.", rich_help_panel=STATE)]
StateName = Annotated[
    str | None,
    typer.Option("--state", help="Name or directory of the state.", rich_help_panel=STATE, metavar="NAME|DIR"),
]
ListNames = Annotated[
    str | None, typer.Option("--lists", help="Published log lists to use: google,apple.", rich_help_panel=LOGS)
]
OwnLists = Annotated[
    list[str] | None,
    typer.Option(
        "--log-list", help="A log list of one's own instead; may be unsigned.", rich_help_panel=LOGS, metavar="FILE|URL"
    ),
]
OnlyLogs = Annotated[
    list[str] | None,
    typer.Option("--log", help="Follow only this log; repeatable.", rich_help_panel=LOGS, metavar="URL"),
]
LogKeys = Annotated[
    list[str] | None,
    typer.Option("--log-key", help="Key of a log named by URL: base64 or a file.", rich_help_panel=LOGS, metavar="KEY"),
]
AddLogs = Annotated[
    list[str] | None,
    typer.Option(
        "--add-log", help="Follow this log besides the lists'; repeatable.", rich_help_panel=LOGS, metavar="URL|ID"
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", help="Only logs whose operator, description or URL matches.", rich_help_panel=LOGS, metavar="GLOB"
    ),
]
Deny = Annotated[
    list[str] | None,
    typer.Option(
        "--deny", help="No logs whose operator, description or URL matches.", rich_help_panel=LOGS, metavar="GLOB"
    ),
]
Include = Annotated[
    str | None,
    typer.Option("--include", help="Further kinds: pending,retired,rejected,test,all.", rich_help_panel=LOGS),
]
Expired = Annotated[
    bool | None, typer.Option("--expired", help="Shards whose interval has ended, too.", rich_help_panel=LOGS)
]
AcceptDrop = Annotated[
    bool | None,
    typer.Option("--accept-drop", help="Take a list that drops over 30 % of the logs.", rich_help_panel=LOGS),
]
Certstreams = Annotated[
    list[str] | None,
    typer.Option(
        "--certstream",
        help="Read this certstream instead of logs, unverified; repeatable.",
        rich_help_panel=READING,
        metavar="URL",
    ),
]
WithLogs = Annotated[bool, typer.Option("--with-logs", help="Follow the logs beside it, too.", rich_help_panel=READING)]
Contact = Annotated[
    str | None,
    typer.Option("--contact", help="Mail address or URL that log operators can reach you at.", rich_help_panel=READING),
]
CaFile = Annotated[
    Path | None,
    typer.Option("--ca-file", help="Trusted roots for TLS, PEM, besides the system's.", rich_help_panel=READING),
]
Alarms = Annotated[
    Path | None,
    typer.Option("--alarms", help="File of alarms, one line of JSON each.", rich_help_panel=OUTPUT, metavar="FILE"),
]


def flags(**given: object) -> dict[str, object]:
    """What was given on the command line, by key of the settings: `logs__deny=...` becomes `logs.deny`."""
    out = {}
    for name, value in given.items():
        if value is None or value == []:
            continue
        section, _, key = name.partition("__")
        out[f"{section}.{key}"] = str(value) if isinstance(value, Path) else value
    return out
