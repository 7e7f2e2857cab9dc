"""`certhia demo`: Certhia at work on a small world of logs that grows by itself, all of it on this machine."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from certhia.errors import CerthiaError

SECONDS = 60.0
REFRESH = 10.0  # seconds between two looks at the list where faults are shown: some are the list's
READY_WITHIN = 30.0  # seconds
RULES = ("example.com", "*.acme.test", "=www.shop.example", "192.0.2.0/24", "bücher.example")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)


def demo(
    rules: Annotated[
        list[str] | None, typer.Argument(help="Rules instead of the demonstration's.", metavar="[RULE]...")
    ] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Until Ctrl-C, not for a minute.")] = False,
    seconds: Annotated[float, typer.Option(help="How long.")] = SECONDS,
    rate: Annotated[float, typer.Option(help="New entries a second, all logs together.")] = 20.0,
    logs: Annotated[int, typer.Option(help="How many logs.")] = 5,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Let one of the logs be ill in this way, such as L04; repeatable; list: all."),
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="human, jsonl, json, csv or silent.")] = "human",
) -> None:
    """Watch a small world of CT logs on loopback that grows by itself, for a minute."""
    from certhia.cli.session import Session
    from certhia.config import load
    from certhia.testing import faults

    if "list" in (fault or ()):
        print(faults.listing())
        return
    ill = [faults.find(name) for name in fault or ()]
    with world(rate, logs, [one.id for one in ill]) as log_list, place() as state:
        given = {
            "watch.rules": list(rules or (*RULES, *(rule for one in ill for rule in one.rules))),
            "logs.log_list": [log_list],
            **({"logs.refresh": REFRESH} if ill else {}),
            "read.from": "-200",
            "read.poll_static": 1.0,
            "read.poll_rfc6962": 2.0,
            "read.patience": 3.0,
            "read.contact": "https://localhost/demo",
            "output.format": format,
            "state.name": str(state),
        }
        # The demonstration is the same everywhere: neither file nor environment has a say.
        settings = load(given, None, {"HOME": str(state.parent)})
        session = Session(settings, seconds=None if forever else seconds, lasting=False)
        raise typer.Exit(asyncio.run(session.run()))


@contextmanager
def place() -> Iterator[Path]:
    """Where the state goes, for as long as the demonstration lasts; evidence stays, as it is there to be checked."""
    from certhia.freezing import FOLDER

    directory = Path(tempfile.mkdtemp(prefix="certhia-demo-"))
    state = directory / "state"
    try:
        yield state
    finally:
        evidence = state / FOLDER
        files = sorted(evidence.glob("*.json"))
        for path in state.iterdir() if files else [directory]:
            if path.is_dir() and path != evidence:
                shutil.rmtree(path)
            elif path != evidence:
                path.unlink()
        for file in files:
            print(f"the evidence is kept: certhia verify-evidence {file}", file=sys.stderr)


@contextmanager
def world(rate: float, logs: int, faults: Sequence[str] = ()) -> Iterator[str]:
    """Runs the world in a process of its own; gives the URL of its log list. Raises CerthiaError."""
    command = [sys.executable, "-m", "certhia.testing.feed", "--rate", str(rate), "--logs", str(logs)]
    command += [f"--fault={name}" for name in faults]
    with subprocess.Popen(  # noqa: S603  (our own interpreter and module)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield _ready(process)
        finally:
            process.terminate()


def _ready(process: subprocess.Popen[bytes]) -> str:
    import selectors

    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        answered = selector.select(READY_WITHIN)
    text = process.stdout.readline() if answered else b""
    if not text:
        raise CerthiaError("the demonstration's logs did not start: python -m certhia.testing.feed shows why")
    return str(json.loads(text)["log_list"])
