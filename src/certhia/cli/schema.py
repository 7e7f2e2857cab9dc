"""`certhia schema`: JSON Schemas of what Certhia prints and serves."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Name(StrEnum):
    """What there is a schema of."""

    MATCH = "match"
    ALARM = "alarm"
    EVENTS = "events"
    PROBE = "probe"
    SCAN = "scan"
    LITE = "lite"
    FULL = "full"
    DOMAINS = "domains"
    GAP = "gap"
    ERROR = "error"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schema")(schema)


def schema(name: Annotated[Name, typer.Argument(help="What to describe.")]) -> None:
    """Print the JSON Schema of an output.

    `match` is one line of --format jsonl, `alarm` one of --alarms, `events` one of
    `certhia events --format json`, `probe` one of what --probe finds, `scan` one
    of `certhia scan`; `lite`, `full` and `domains` are the messages of `certhia serve`'s streams, `gap` the one that
    says what is missing in them, `error` why they are closed.
    """
    from certhia.events import schema as happened
    from certhia.library import probed
    from certhia.scanner.report import schema as result
    from certhia.sinks import alarms
    from certhia.sinks import schema as match
    from certhia.stream import schema as messages

    own = {
        Name.MATCH: match.schema,
        Name.ALARM: alarms.schema,
        Name.EVENTS: happened.schema,
        Name.PROBE: probed.schema,
        Name.SCAN: result.schema,
    }
    print(json.dumps(own[name]() if name in own else messages.schema(name), indent=2))
