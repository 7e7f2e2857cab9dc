"""`certhia explain`: rules tried on a certificate, a name or an address, without any log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from certhia._core import Certificate


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("explain")(explain)


def explain(
    subjects: Annotated[
        list[str],
        typer.Argument(
            help="A file of certificates (DER, PEM or base64; - reads standard input), a domain name or an address.",
            metavar="FILE|DOMAIN|ADDRESS...",
        ),
    ],
    watchlist: opt.Watchlist = None,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="One rule; repeatable.", metavar="RULE")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each certificate or name.")] = False,
    config: opt.Config = None,
) -> None:
    """Try rules on certificates, names and addresses: those given, else those of the settings. Exit status 1 when none
    matches."""
    from certhia import render
    from certhia.cli import explanation
    from certhia.config import load
    from certhia.errors import ConfigError
    from certhia.rules.trial import Trial

    rules, files = tuple(rule or ()), tuple(watchlist or ())
    if not rules and not files:
        watch = load({}, config).watch
        rules, files = watch.rules, watch.files
    if not rules and not files:
        raise ConfigError("there are no rules to try: give some with -w FILE or -r RULE")
    trial = Trial(rules, files)
    for notice in trial.watchlist.notices:
        print(render.terminal(notice), file=sys.stderr)
    suffixes = trial.suffixes.suffixes
    matched = False
    for number, (subject, certificate) in enumerate(_read(subjects)):
        tried = trial.names([subject]) if certificate is None else trial.certificate(certificate)
        matched = matched or bool(tried.hits)
        if json:
            print(render.json_text(explanation.fields(subject, certificate, tried, suffixes)))
        else:
            print("\n" * bool(number) + explanation.text(subject, certificate, tried, suffixes))
    raise typer.Exit(0 if matched else 1)


def _read(subjects: list[str]) -> Iterator[tuple[str, Certificate | None]]:
    """What each argument is: a file where there is one, else a name."""
    from certhia import render
    from certhia.errors import ConfigError
    from certhia.rules.bundle import MAX_FILE, certificates, read_certificates

    for subject in subjects:
        if subject == "-":
            found = certificates(sys.stdin.buffer.read(MAX_FILE + 1), "standard input")
        elif _is_file(subject):
            found = read_certificates(Path(subject))
        elif not subject.strip() or "/" in subject:
            host = subject.partition("://")[2].partition("/")[0]
            instead = (
                f"give its host, {render.terminal(host)}" if host else "give a file that exists, or www.example.com"
            )
            raise ConfigError(f"{render.quoted(subject)} is neither a file nor a name; {instead}")
        else:
            yield subject.strip(), None
            continue
        several = len(found) > 1
        for number, certificate in enumerate(found, 1):
            yield f"{subject}, certificate {number}" if several else subject, certificate


def _is_file(subject: str) -> bool:
    """Whether there is something to read: a file or a pipe. A folder may well be named after a domain."""
    try:
        return Path(subject).exists() and not Path(subject).is_dir()
    except (OSError, ValueError):  # longer than a file name can be, or with a NUL in it
        return False
