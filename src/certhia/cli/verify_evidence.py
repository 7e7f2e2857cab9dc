"""`certhia verify-evidence`: whether a log's contradiction is proof or observation, checked anew and offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from certhia.logs.evidence import Evidence
    from certhia.logs.judging import Finding


CLAIMED: Final = "as the file says, not proven"  # what nobody signed, and whoever has the file could change


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify-evidence")(verify_evidence)


def verify_evidence(
    file: Annotated[Path, typer.Argument(help="The evidence, as `certhia watch` wrote it.", metavar="FILE")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Recompute every signature, root and leaf hash of a log's contradiction; asks nobody, needs no state.

    Says whether it is proof, which the log itself signed, or observation, which only those saw who wrote it down. Exit
    status 0 when it holds as either, else 1.
    """
    from certhia.logs.judging import Verdict, judge

    evidence = _read(file)
    finding = judge(evidence)
    known = _listed(evidence)
    print(_as_json(evidence, finding, known) if json else "\n".join(_lines(evidence, finding, known)))
    raise typer.Exit(1 if finding.verdict is Verdict.NOTHING else 0)


def _read(path: Path) -> Evidence:
    from certhia.errors import ConfigError
    from certhia.logs.evidence import MAX_FILE, decode
    from certhia.logs.form import BadEvidence

    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from None
    try:
        return decode(data)
    except BadEvidence as error:
        raise BadEvidence(f"{path}: {error}") from None


def _listed(evidence: Evidence) -> str:
    """What the shipped log list calls the log with this key; "" where it has none."""
    from certhia import data
    from certhia.logs.loglist import parse

    listed = parse(data.google_list()[0], source="google")
    return next((log.description or log.url for log in listed.logs if log.key == evidence.log.key), "")


def _lines(evidence: Evidence, finding: Finding, known: str) -> list[str]:
    from certhia import render
    from certhia.clock import iso
    from certhia.sinks.record import entry_time

    log = evidence.log
    key = (
        f"its key is that of {known} in the log list shipped with Certhia"
        if known
        else "its key is in no log list shipped with Certhia: see for yourself that it is the log's"
    )
    seen = ", ".join(iso(head.at) for head in evidence.heads) or "never"
    lines = [f"log: id {log.id.hex()}", f"     {key}"]
    lines += [
        f"{CLAIMED}: {text}"
        for text in (
            f"the log is {log.description or log.url} ({log.url}), {log.operator}",
            f"found {iso(evidence.at)}: {evidence.reason}",
            f"heads seen {seen}",
        )
    ]
    lines += [f"{'holds' if check.holds else 'FAILS'}: {check.what}" for check in finding.checks]
    lines += [
        f"signed: {head.size} entries, {entry_time(head.timestamp) or head.timestamp}, root {head.root.hex()}"
        for head in finding.heads
    ]
    lines += [f"lacks: {what}: the log gave none, or it was left out" for what in finding.lacks]
    lines.append(f"{finding.verdict.value}: {finding.because}")
    return [render.terminal(line) for line in lines]


def _as_json(evidence: Evidence, finding: Finding, known: str) -> str:
    from base64 import b64encode

    from certhia import render
    from certhia.clock import iso

    log = evidence.log
    return render.json_text(
        {
            "verdict": finding.verdict.value,
            "because": finding.because,
            "log_id": b64encode(log.id).decode(),
            "listed_as": known or None,
            "claimed": {
                "log": log.description,
                "operator": log.operator,
                "log_url": log.url,
                "found": iso(evidence.at),
                "reason": evidence.reason,
                "heads_seen": [iso(head.at) for head in evidence.heads],
            },
            "lacks": list(finding.lacks),
            "heads": [
                {"tree_size": head.size, "root_hash": head.root.hex(), "timestamp": head.timestamp}
                for head in finding.heads
            ],
            "checks": [{"what": check.what, "holds": check.holds} for check in finding.checks],
        }
    )
