"""What the state knows of probes, as somebody asks for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from certhia._core import Matcher
from certhia.clock import iso
from certhia.errors import ConfigError
from certhia.library.probed import OUTCOMES, asked_for, place, record, sentence
from certhia.library.probed import waiting as to_come
from certhia.library.searching import moment_of, rule_of
from certhia.render import json_text, quoted, terminal
from certhia.store import probes
from certhia.store.probes import Finding, Probe
from certhia.store.reading import Reader

FORMATS: Final = ("human", "jsonl")
_SHOWN: Final = 16  # digits of a certificate's SHA-256, for people


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked for.

    Attributes:
        names: the probed name must fit; None for any.
        since: probed at or after this, Unix seconds.
        outcomes: one of these came of it.
        waiting: those that are still to be probed, instead.
        lines: of JSON, instead of what people read.
    """

    names: Matcher | None
    since: float
    outcomes: frozenset[str]
    waiting: bool
    lines: bool


def sought(
    *, domain: str | None, since: str | None, outcomes: str | None, waiting: bool, form: str, now: float
) -> Sought:
    """From what a user says. Raises ConfigError, which names the option."""
    rule = None if domain is None else rule_of(domain)
    kinds = frozenset(one.strip() for one in (outcomes or "").split(",") if one.strip())
    if unknown := sorted(kinds - OUTCOMES.keys()):
        raise ConfigError(f"--outcome {quoted(unknown[0])} is none: write some of {', '.join(OUTCOMES)}")
    if waiting and (since or outcomes):
        raise ConfigError("--waiting shows what was not asked yet: leave --since and --outcome out")
    if form not in FORMATS:
        raise ConfigError(f"--format {quoted(form)} is none: write human or jsonl")
    return Sought(
        None if rule is None else Matcher([(rule.kind, rule.value)]),
        0.0 if since is None else moment_of("--since", since, now),
        kinds or frozenset(OUTCOMES),
        waiting,
        form == "jsonl",
    )


async def lines(state: Reader, sought: Sought) -> AsyncGenerator[str, None]:
    """A line for each that fits, without its end; inert. Raises StateError."""
    if sought.waiting:
        async with aclosing(probes.queued(state)) as left:
            async for probe, due in left:
                if _fits(sought, probe):
                    yield json_text(to_come(probe, due)) if sought.lines else _human(probe, due)
        return
    async with aclosing(probes.asked(state, sought.since)) as done:
        async for probe, found in done:
            if found.outcome in sought.outcomes and _fits(sought, probe):
                yield json_text(record(probe, found)) if sought.lines else _human(probe, found.at, found)


def _fits(sought: Sought, probe: Probe) -> bool:
    return sought.names is None or bool(sought.names.match([probe.name]))


def _human(probe: Probe, at: float, found: Finding | None = None) -> str:
    said = f"{place(probe)} is to be asked{asked_for(probe)}" if found is None else sentence(probe, found)
    shown = f", shown {found.sha256.hex()[:_SHOWN]}" if found is not None and found.outcome == "other" else ""
    certificate = f"certificate {probe.match.sha256.hex()[:_SHOWN]}{shown}"
    return terminal(f"{iso(at)[:19].replace('T', ' ')}  {said}  {certificate}")
