"""`certhia prove`: whether logs keep what they promised for a certificate."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia._core import Certificate
    from certhia.cli.broken import Raised
    from certhia.config import Settings
    from certhia.logs.promises import Outcome, Verdict


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("prove")(prove)


@opt.sets(*opt.LISTS, *opt.NETWORK, opt.STATE)
def prove(
    certificate: Annotated[
        Path, typer.Argument(help="The certificate, and its issuer behind it: PEM, DER or base64.", metavar="CERT")
    ],
    issuer: Annotated[
        Path | None, typer.Option("--issuer", help="The issuer's certificate, where CERT has it not.", metavar="FILE")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object an SCT.")] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            help="Where evidence of a broken promise goes; unless given into the state, else into the current folder.",
            metavar="FOLDER",
        ),
    ] = None,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Check each SCT of a certificate: its signature, and that the log has the entry it stands for.

    A promise that a log broke is an alarm, here and for whoever follows with the state, with a file of evidence for
    `certhia verify-evidence`. Exit status 0 when all are kept, or the log still has time; else 1.
    """
    from certhia.cli.broken import end_alarm, raise_alarm
    from certhia.config import load
    from certhia.logs.promises import Verdict

    leaf, above = _read(certificate, issuer)
    settings = load(given, config)
    outcomes = asyncio.run(_judge(settings, leaf, above))
    for outcome in outcomes:
        raised = asyncio.run(raise_alarm(outcome, settings, evidence)) if outcome.evidence is not None else None
        print(_as_json(outcome, raised) if json else _line(outcome))
        if raised is not None:
            print(raised.line, file=sys.stderr)
        elif outcome.verdict is Verdict.KEPT and (untold := asyncio.run(end_alarm(outcome, settings))):
            print(untold, file=sys.stderr)
    raise typer.Exit(0 if all(_is_well(outcome.verdict) for outcome in outcomes) else 1)


def _read(path: Path, issuer: Path | None) -> tuple[Certificate, Certificate]:
    """The certificate and its issuer. Raises ConfigError."""
    from certhia.errors import ConfigError
    from certhia.rules.bundle import read_certificates

    leaf, *chain = read_certificates(path)
    if not leaf.scts:
        raise ConfigError(f"{path}: holds no SCTs: there is nothing that a log promised in it")
    above = read_certificates(issuer)[0] if issuer is not None else None
    above = above or next((one for one in chain if one.subject == leaf.issuer), leaf if leaf.is_self_issued else None)
    if above is None:
        raise ConfigError(
            f"{path}: what a log signs covers the issuer's key: put the issuer's certificate behind this one, or name "
            "its file with --issuer"
        )
    return leaf, above


async def _judge(settings: Settings, leaf: Certificate, issuer: Certificate) -> list[Outcome]:
    from certhia._core import Issuers
    from certhia.clock import Clock
    from certhia.library.setup import choice_of, connect, sources_of
    from certhia.logs.client import client
    from certhia.logs.heard import Heard
    from certhia.logs.pace import Paces
    from certhia.logs.promises import Prover

    clock, issuers = Clock(), Issuers()
    async with connect(settings, clock) as transport:
        loaded = await sources_of(settings, choice_of(settings), transport, clock, None).load()
        paces, heard = Paces(clock), Heard(transport, clock)
        prover = Prover(
            {log.id: log for log in loaded.logs}, lambda log: client(log, heard, paces, issuers, clock), heard, clock
        )
        return await asyncio.gather(*(prover.judge(sct, leaf, issuer.spki_sha256) for sct in leaf.scts))


def _is_well(verdict: Verdict) -> bool:
    from certhia.logs.promises import Verdict

    return verdict in (Verdict.KEPT, Verdict.WAITS)


def _line(outcome: Outcome) -> str:
    from certhia import render
    from certhia.sinks.record import entry_time

    log = outcome.log
    name = render.terminal(log.description or log.url) if log else f"log {outcome.sct.log_id.hex()}"
    signed = entry_time(outcome.sct.timestamp) or str(outcome.sct.timestamp)
    return f"{outcome.verdict.value:<8}{name}, {signed}: {render.terminal(outcome.reason)}"


def _as_json(outcome: Outcome, raised: Raised | None) -> str:
    from base64 import b64encode

    from certhia import render

    log, head = outcome.log, outcome.head
    return render.json_text(
        {
            "log": log.description if log else None,
            "log_url": log.url if log else None,
            "log_id": b64encode(outcome.sct.log_id).decode(),
            "timestamp": outcome.sct.timestamp,
            "verdict": outcome.verdict.value,
            "reason": outcome.reason,
            "index": outcome.index,
            "evidence": str(raised.file) if raised is not None and raised.file is not None else None,
            "head": head and {"tree_size": head.size, "root_hash": head.root.hex(), "timestamp": head.timestamp},
        }
    )
