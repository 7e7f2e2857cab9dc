"""`certhia entry`: one entry of a log, with proof that the log holds it."""

from __future__ import annotations

import asyncio
import base64
import json as jsonlib
import textwrap
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from certhia.cli import options as opt

if TYPE_CHECKING:
    from certhia._core import Entry
    from certhia.clock import Clock
    from certhia.config import Settings
    from certhia.model import Head, Log
    from certhia.net import Transport


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("entry")(entry)


@opt.sets(*opt.LISTS, opt.LOG_KEY, *opt.NETWORK)
def entry(
    log: Annotated[str, typer.Argument(help="URL of the log, its id, or words of its description.")],
    index: Annotated[int, typer.Argument(help="Index of the entry, from 0.", min=0)],
    json: Annotated[bool, typer.Option("--json", help="All fields as JSON.")] = False,
    pem: Annotated[bool, typer.Option("--pem", help="The certificate (or precertificate) as PEM.")] = False,
    chain: Annotated[bool, typer.Option("--chain", help="With --pem or --json: the chain too.")] = False,
    *,
    given: opt.Given,
    config: opt.Config = None,
) -> None:
    """Fetch one entry of a log, prove that a verified head includes it, and print it."""
    from certhia.config import load

    asyncio.run(_show(load(given, config), log, index, form="json" if json else "pem" if pem else "text", chain=chain))


async def _show(settings: Settings, wanted: str, index: int, *, form: str, chain: bool) -> None:
    from certhia._core import Issuers
    from certhia.clock import Clock
    from certhia.errors import ConfigError
    from certhia.library.setup import connect
    from certhia.logs.client import client
    from certhia.logs.pace import Paces
    from certhia.logs.patience import patiently

    clock = Clock()
    async with connect(settings, clock) as transport:
        log = await _find(settings, wanted, transport, clock)
        reader = client(log, transport, Paces(clock), Issuers(), clock)
        head = await patiently(reader.head, clock)
        if index >= head.size:
            raise ConfigError(f"{log.url} has {head.size} entries: the last index is {head.size - 1}")
        found = await patiently(lambda: reader.entry(index, head), clock)
        issuers = [await patiently(partial(reader.issuer, one), clock) for one in found.chain] if chain else []
    match form:
        case "json":
            print(jsonlib.dumps(_fields(log, head, found, issuers, chain=chain), indent=2))
        case "pem":
            for der in (found.submitted, *(der for der in issuers if der is not None)):
                print(_pem(der, "CERTIFICATE"))
        case _:
            _print(log, head, found)


async def _find(settings: Settings, wanted: str, transport: Transport, clock: Clock) -> Log:
    """The log that is meant: by URL or id, or the only one whose description has the words."""
    from certhia.library.setup import choice_of, sources_of
    from certhia.logs.finding import find, is_address

    only = {"log": (wanted,), "add_log": ()} if is_address(wanted) else {"log": ()}
    settings = settings.model_copy(update={"logs": settings.logs.model_copy(update=only)})
    loaded = await sources_of(settings, choice_of(settings), transport, clock, None).load()
    return find(loaded.logs, wanted)


def _fields(log: Log, head: Head, found: Entry, issuers: list[bytes | None], *, chain: bool) -> dict[str, object]:
    certificate = found.certificate
    fields: dict[str, object] = {
        "log": log.description,
        "log_url": log.url,
        "log_id": base64.b64encode(log.id).decode(),
        "index": found.index,
        "timestamp": found.timestamp,
        "is_precert": found.is_precert,
        "leaf_hash": found.leaf_hash.hex(),
        "included_in": {"tree_size": head.size, "root_hash": head.root.hex(), "timestamp": head.timestamp},
        "names": certificate.names,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "tbs_sha256": certificate.tbs_sha256.hex(),
        "spki_sha256": certificate.spki_sha256.hex(),
        "submitted": base64.b64encode(found.submitted).decode(),
        "chain_sha256": [fingerprint.hex() for fingerprint in found.chain],
    }
    if chain:
        fields["chain"] = [base64.b64encode(der).decode() if der is not None else None for der in issuers]
    return fields


def _print(log: Log, head: Head, found: Entry) -> None:
    from certhia import render
    from certhia.clock import iso

    certificate = found.certificate
    names = certificate.names
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    rows = {
        "log": f"{log.description} ({log.url})",
        "entry": f"{found.index}, {'precertificate' if found.is_precert else 'certificate'}",
        "logged": iso(found.timestamp / 1000),
        "proven in": f"head of {head.size} entries, {iso(head.timestamp / 1000)}, root {head.root.hex()}",
        "names": shown,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "valid": f"{iso(certificate.not_before)} to {iso(certificate.not_after)}",
        "serial": certificate.serial,
        "leaf hash": found.leaf_hash.hex(),
    }
    for name, value in rows.items():
        print(f"{name:<10} {render.terminal(value)}")


def _pem(der: bytes, label: str) -> str:
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"
