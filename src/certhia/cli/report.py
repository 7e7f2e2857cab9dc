"""Figures and summaries in words."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from certhia import render
from certhia.cli.progress import age
from certhia.cli.standing import requests
from certhia.logs.asked import Asked
from certhia.logs.snapshot import Run
from certhia.logs.status import Status
from certhia.model import Health, Summary
from certhia.pipeline import Pipeline

TROUBLES = 5  # ill logs that are told one by one


def summary(done: Summary, *, dropped: int = 0, state: str | None = "", names_only: bool = False) -> list[str]:
    """What a run did, for its end. `state`: what the user called it, "" by default; None for one that is gone now.
    `names_only`: whether names were read instead of entries."""
    rate = done.entries / done.seconds if done.seconds else 0.0
    lines = [
        f"{done.entries:,} entries seen in {done.logs} logs ({rate:,.0f}/s over {age(done.seconds)}), "
        f"{done.verified:,} verified, {done.quarantined:,} quarantined, "
        f"{matches(done)} ({done.sightings:,} further sightings)"
    ]
    if done.quarantined and state is not None:
        named = f" --state {shlex.quote(render.terminal(state))}" if state else ""
        lines.append(f"certhia quarantine list{named} shows the entries that could not be decoded")
    if done.verified < done.entries:
        left = "(names alone are read)" if names_only else "yet: the next run reads them again"
        lines.append(f"{done.entries - done.verified:,} entries were not verified {left}")
    if dropped:
        lines.append(f"{dropped:,} streamed matches were dropped: standard output was read too slowly")
    lines += [f"alarm: {render.terminal(alarm)}" for alarm in done.alarms]
    lines += [f"alarm that is over: {render.terminal(alarm)}" for alarm in done.over]
    return lines


def matches(done: Summary) -> str:
    """`3 matches (2 alerts, 1 possible), 4 expected`; most often just `3 matches`."""
    heeded = done.matches - done.expected
    alerts = heeded - done.possible
    told = f"{heeded:,} match{'' if heeded == 1 else 'es'}"
    if done.possible:
        told += f" ({alerts:,} alert{'' if alerts == 1 else 's'}, {done.possible:,} possible)"
    return f"{told}, {done.expected:,} expected" if done.expected else told


def totals(done: Summary, width: int) -> str:
    """The picture's last line."""
    told = f"{done.quarantined:,} quarantined, {matches(done)}"
    return f"{done.entries:,} entries, {done.verified:,} verified, {told}"[:width]


def figures(pipeline: Pipeline) -> list[str]:
    """What `--stats` shows."""
    done, statuses = pipeline.summary(), pipeline.statuses()
    rate = sum(status.rate for status in statuses)
    lag = sum(status.lag for status in statuses)
    return [
        f"{done.entries:,} entries ({rate:,.0f}/s), {done.verified:,} verified, {lag:,} behind, "
        f"{done.quarantined:,} quarantined, {matches(done)}, {done.sightings:,} further sightings, "
        f"dedupe hit rate {pipeline.dedupe_hit_rate:.0%}",
        *asked(pipeline.progress(), statuses),
        *healths(statuses),
    ]


def asked(run: Run, statuses: Sequence[Status]) -> list[str]:
    """How many requests there were, how they went and what for: of all together, then of each log that was asked."""
    lines = [f"requests: {requests([run.lists.as_json(), *(one.as_json() for one in run.asked.values())])}"]
    names = {status.log.id: status.log.description or status.log.url for status in statuses}
    told = {name: _by_reason(run.asked[key]) for key, name in names.items() if key in run.asked}
    return lines + [f"requests to {name}: {counts}" for name, counts in told.items() if counts]


def _by_reason(asked: Asked) -> str:
    """`head 40, entries 82 (2 throttled, 1 failed)`: how many of them did not go well stands behind."""
    told = []
    for reason, counts in asked.as_json().items():
        wrong = ", ".join(f"{count:,} {how}" for how, count in counts.items() if how != "ok")
        told.append(f"{reason} {sum(counts.values()):,}" + (f" ({wrong})" if wrong else ""))
    return ", ".join(told)


def healths(statuses: Sequence[Status]) -> list[str]:
    """How many logs are in which health, and what is wrong with those that aren't well."""
    counts = {health: sum(status.health is health for status in statuses) for health in Health}
    known = [f"{count} {health.value}" for health, count in counts.items() if count]
    return [f"logs: {', '.join(known) or 'none'}", *_troubles(statuses)]


def _troubles(statuses: Iterable[Status]) -> list[str]:
    """The logs that aren't well or keep us waiting, the worst first; a few, for many ill ones mostly have one cause."""
    ill = [status for status in statuses if status.health is not Health.HEALTHY or status.lagging]
    ill.sort(key=lambda status: -status.failures)
    lines = [
        f"{status.log.description or status.log.url}: "
        + (status.trouble if status.health is Health.HEALTHY else f"{status.health.value}: {status.trouble}")
        for status in ill[:TROUBLES]
    ]
    return lines + ([f"and {len(ill) - TROUBLES} more: certhia logs shows all"] if len(ill) > TROUBLES else [])
