"""`certhia schema`: JSON Schemas of what Certhia prints."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer


class Name(StrEnum):
    """What there is a schema of."""

    MATCH = "match"
    ALARM = "alarm"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schema")(schema)


def schema(name: Annotated[Name, typer.Argument(help="What to describe.")]) -> None:
    """Print the JSON Schema of an output: `match` is one line of --format jsonl, `alarm` one of --alarms."""
    from certhia.sinks import alarms
    from certhia.sinks import schema as match

    print(json.dumps({Name.MATCH: match.schema, Name.ALARM: alarms.schema}[name](), indent=2))
