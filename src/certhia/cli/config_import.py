"""`certhia config import`: settings of ct-scout, certspotter and TLSXtractor as ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.render import terminal

if TYPE_CHECKING:
    from certhia.library.importing.imported import Imported

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; standard output unless given.", metavar="FILE")
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    tools = typer.Typer(help="Settings of other tools as ours; what has no place here is told.", no_args_is_help=True)
    tools.command("ct-scout")(ct_scout)
    tools.command("certspotter")(certspotter)
    tools.command("tlsxtractor", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(
        tlsxtractor
    )
    group.add_typer(tools, name="import")


def ct_scout(
    file: Annotated[Path, typer.Argument(help="Its config.toml.")], output: Output = None, force: Force = False
) -> None:
    """Take over ct-scout's configuration. Its watch list and programmes stay where they are, and are read there."""
    from certhia.library.importing import ctscout

    _done(ctscout.read(file), str(file), output, force=force)


def certspotter(
    file: Annotated[Path, typer.Argument(help="Its watch list.")], output: Output = None, force: Force = False
) -> None:
    """Take over certspotter's watch list: bare names are exact, those with a dot before them have all below them."""
    from certhia.library.importing import certspotter as theirs

    _done(theirs.read(file), str(file), output, force=force)


def tlsxtractor(
    context: typer.Context,
    save: Annotated[
        Path | None, typer.Option("--save", help="File to write; standard output unless given.", metavar="FILE")
    ] = None,
    force: Force = False,
) -> None:
    """Take over a command line of TLSXtractor: its options, as they were given to it."""
    from certhia.library.importing import tlsxtractor as theirs

    _done(theirs.read(context.args), "a command line of TLSXtractor", save, force=force)


def _done(found: Imported, source: str, output: Path | None, *, force: bool) -> None:
    from certhia.cli.config import write
    from certhia.library.importing.ctscout import PASSWORD, SECRET
    from certhia.library.importing.scopes import TOKENS

    found.check(dict.fromkeys((SECRET, PASSWORD, *TOKENS.values()), "unknown"))
    text = found.written(terminal(source))
    for note in found.notes:
        print(f"certhia: {terminal(note)}", file=sys.stderr)
    if output is None:
        print(text, end="")
    else:
        write({output: text}, force=force)
        print(f"written: {terminal(str(output))}; next: certhia config check {terminal(str(output))}", file=sys.stderr)
