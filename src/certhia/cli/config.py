"""`certhia config`: a file to start from, what is wrong with one, what holds and why, and the schema for editors."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from certhia.cli import config_import
from certhia.cli import options as opt
from certhia.render import terminal

Force = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    group = typer.Typer(help="Settings: begin, check, show, take over from other tools.", no_args_is_help=True)
    group.command("init")(init)
    group.command("check")(check)
    group.command("show")(show)
    group.command("schema")(schema)
    config_import.register(group)
    app.add_typer(group, name="config")


def init(
    file: Annotated[
        Path | None, typer.Argument(help="The file, .toml or .yaml; - is standard output.", metavar="[FILE]")
    ] = None,
    force: Force = False,
) -> None:
    """Write a commented file with every key, and its schema beside it, for editors.

    Without a name it is the file that all commands read when none is named.
    """
    from certhia.config import default_file
    from certhia.config.starting import SCHEMA, start

    path = file or default_file()
    text = start(yaml=path.suffix.lower() in (".yaml", ".yml"))
    if str(path) == "-":
        print(text, end="")
        return
    write({path: text, path.parent / SCHEMA: _schema()}, force=force)
    print(f"written: {terminal(str(path))} and {SCHEMA} beside it; next: certhia config check", file=sys.stderr)


def write(files: dict[Path, str], *, force: bool) -> None:
    """Writes all of the files, or none. Raises ConfigError where one is there, unless forced."""
    from certhia.errors import ConfigError

    try:
        for path in files:
            if path.exists() and not force:
                raise ConfigError(f"{path}: is there already; --force writes over it")
            path.parent.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}; name another file") from error


def check(
    file: Annotated[Path | None, typer.Argument(help="The file, if not the usual one.", metavar="[FILE]")] = None,
    config: opt.Config = None,
) -> None:
    """Say all that is wrong with the settings: values, files that they name, rules, sinks.

    Exit status 2 when anything is. Nothing is written, and no log is asked.
    """
    from certhia.clock import Clock
    from certhia.config.sources import examine, told
    from certhia.errors import ConfigError
    from certhia.library.checking import check as look

    examined = examine({}, file or config)
    problems = asyncio.run(look(examined, Clock()))
    if problems:
        raise ConfigError(told(tuple(problems)))
    read = terminal(str(examined.file)) if examined.file else "no file"
    count = len(examined.given)
    print(f"{read}: {count} {'key' if count == 1 else 'keys'} set, nothing wrong")


def show(
    changed: Annotated[bool, typer.Option("--changed", help="Only keys that are set somewhere.")] = False,
    config: opt.Config = None,
) -> None:
    """Print every key's value and where it comes from, as TOML. Secrets are not shown."""
    from certhia.config.showing import show as lines
    from certhia.config.sources import examine, told
    from certhia.errors import ConfigError

    examined = examine({}, config)
    for line in lines(examined, changed=changed):
        print(line)
    if examined.problems:
        raise ConfigError(told(examined.problems))


def schema() -> None:
    """Print the JSON Schema of settings files, for editors: begin one in TOML with `#:schema ./certhia.schema.json`."""
    print(_schema(), end="")


def _schema() -> str:
    from certhia.config.schema import schema as made

    return json.dumps(made(), indent=2) + "\n"
