"""The commands, and what they have in common: errors in one line, exit statuses, options with or without a value.

Exit status: 0 done, 1 something failed or was found wrong, 2 the command or its settings make no sense, 130 ended
by Ctrl-C at the very start, or by a second one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from certhia import render
from certhia.cli import streams
from certhia.errors import CerthiaError, ConfigError, StateError, first_of

app = typer.Typer(
    name="certhia",
    help="Follows Certificate Transparency logs, verifies every entry, and tells you which certificates concern you.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# Options that may stand without a value: the value that they then have, and what one looks like.
BARE = {
    "--stats": ("60", r"\d+(\.\d+)?"),
    "--probe": ("now,5m,1h,1d", r"(now|\d+[smhd])(,\w*)*"),
}


def _print_version(wanted: bool) -> None:
    if wanted:
        from certhia._core import build_info

        print(f"certhia {build_info['version']}")
        raise typer.Exit


@app.callback()
def _certhia(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Follows Certificate Transparency logs, verifies every entry, and tells you which certificates concern you."""


def with_values(arguments: Sequence[str]) -> list[str]:
    """`--stats` may stand without its seconds, `--probe` without its moments, which the option parser can't express:
    they are put in."""
    out: list[str] = []
    for place, argument in enumerate(arguments):
        if argument == "--":
            return out + list(arguments[place:])
        following = arguments[place + 1] if place + 1 < len(arguments) else ""
        value, valid = BARE.get(argument, ("", ""))
        out.append(f"{argument}={value}" if value and not re.fullmatch(valid, following) else argument)
    return out


def fail(error: BaseException) -> int:
    """Prints an error in plain lines; gives the exit status."""
    for text in str(error).splitlines() or [type(error).__name__]:
        print(f"certhia: {render.terminal(text)}", file=sys.stderr)
    return 2 if isinstance(error, ConfigError) else 1


def run(arguments: Sequence[str]) -> None:
    """Runs a command line and leaves the process."""
    try:
        try:
            app(with_values(arguments))
        finally:
            unwritten = streams.flush()
            if unwritten is not None:
                raise StateError(unwritten)
    except CerthiaError as error:
        sys.exit(fail(error))
    except OSError as error:
        sys.exit(_unwritten(error))
    except BaseExceptionGroup as group:
        first = first_of(group)
        if isinstance(first, CerthiaError):
            sys.exit(fail(first))
        if streams.why_unwritten(first) is not None:
            sys.exit(_unwritten(first))
        raise


def _unwritten(error: BaseException) -> int:
    """The exit status where standard output can't be written; raises any other error."""
    why = streams.why_unwritten(error)
    if why is None:
        raise error
    streams.give_up()
    return fail(StateError(why))


def _register() -> None:
    # Each command's module imports what it needs when it is called: `certhia --help` is quick.
    from certhia.cli import (
        alarms,
        backfill,
        config,
        demo,
        entry,
        events,
        explain,
        fsck,
        ledger,
        logs_command,
        matches,
        modules,
        notify,
        observations,
        outbox,
        platforms,
        probes,
        prove,
        quarantine,
        scan,
        schema,
        selftest,
        serve,
        sinks,
        state,
        status,
        suffixes,
        tls,
        verify_evidence,
        watch,
    )

    following = (watch, scan, tls, serve, backfill, status, alarms, events, logs_command, config)
    looking = (
        explain,
        entry,
        prove,
        fsck,
        ledger,
        verify_evidence,
        quarantine,
        matches,
        probes,
        observations,
        state,
        suffixes,
        schema,
    )
    telling = (sinks, notify, outbox, platforms, modules)
    for module in (*following, *looking, *telling, demo, selftest):
        module.register(app)


_register()
