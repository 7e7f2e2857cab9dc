"""How a follower is doing, as `certhia status` tells it: in lines for people, in JSON for programs."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from certhia import render
from certhia.alarms.board import lasting
from certhia.clock import iso
from certhia.logs.snapshot import Followed, Picture, Requests
from certhia.model import Alarm, Health
from certhia.sinks import standing as sinks
from certhia.sinks.standing import Noted

SILENT = 120.0  # seconds: a follower saves what it knows every 30 s; one that has missed several of them hangs
ILL = 8  # logs that are told one by one
FAILING = 8  # lines about sinks and hosts
RAISED = 8  # alarms
TROUBLE = 160  # characters of what is wrong with one


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a state and of whoever follows logs with it. Times are Unix seconds."""

    state: str
    process: int | None  # that follows; 0 where its number isn't known, None where nobody follows
    picture: Picture | None  # what the follower saved last: of the last one, where nobody follows now
    waiting: Mapping[str, int]  # deliveries by sink, also those of sinks that are not in use now
    stored: int  # matches
    quarantined: int  # entries, stored
    last_commit: float | None
    now: float
    sinks: Noted = field(default_factory=Noted)
    silence: float = 0.0  # seconds for which the follower has saved nothing, by a clock that nobody sets

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Those of now; none where nobody follows."""
        if self.process is None:
            return ()
        told = self.picture.alarms if self.picture is not None else ()
        if self.silence <= SILENT:
            return told
        since = " since it began" if self.picture is None else ""
        text = (
            f"the follower has saved nothing for {lasting(self.silence)}{since}: it hangs, or its disk does; see its "
            "messages"
        )
        return (*told, Alarm("silent", text, self.now - self.silence))

    @property
    def exit_status(self) -> int:
        """Of `--check`: 0 well, 1 alarms, 3 nobody follows."""
        if self.process is None:
            return 3
        return 1 if self.alarms else 0


def lines(one: Standing) -> list[str]:
    """For people."""
    told = [_head(one)]
    if (seen := one.picture) is not None:
        logs = [log for log in seen.logs if not log.finished]
        lag, seconds = sum(log.lag for log in logs), max((log.lag_seconds for log in logs), default=0.0)
        behind = f"{lag:,} behind" + (f" (up to {lasting(seconds)})" if seconds else "")
        told += [
            f"logs: {healths(seen.logs)} (as of {_ago(one.now - seen.at)})",
            f"entries: {seen.entries:,} seen, {seen.verified:,} verified, {behind}, {seen.quarantined:,} quarantined",
            f"matches: {seen.matches:,} in this run, {one.stored:,} stored",
            f"requests: {requests([seen.lists, *(log.requests for log in seen.logs)])}",
        ]
    waiting = ", ".join(f"{render.terminal(sink)} {count:,}" for sink, count in one.waiting.items())
    told.append(f"waiting to be told: {waiting or 'nothing'}")
    known = one.sinks if one.process is not None else Noted(counts=one.sinks.counts)
    told += _few(sinks.lines(known), FAILING, "certhia status --json")
    if one.last_commit is not None:
        told.append(f"last commit: {_moment(one.last_commit)} ({_ago(one.now - one.last_commit)})")
    if one.picture is not None:
        told += _ill(one.picture.logs)
    alarms = [
        f"alarm since {_moment(alarm.since)} ({_ago(one.now - alarm.since)}): {render.terminal(str(alarm))}"
        for alarm in one.alarms
    ]
    told += _few(alarms, RAISED, "certhia alarms")
    return told if one.alarms or one.process is None else [*told, "no alarms"]


def as_json(one: Standing) -> dict[str, object]:
    """For programs. Times are RFC 3339 in UTC; counts of a run are null where none was ever saved."""
    seen = one.picture
    logs = [log for log in seen.logs if not log.finished] if seen is not None else []
    return {
        "state": one.state,
        "running": one.process is not None,
        "process": one.process or None,
        "since": iso(seen.since) if seen is not None else None,
        "saved": iso(seen.at) if seen is not None else None,
        "last_commit": iso(one.last_commit) if one.last_commit is not None else None,
        "health": dict(_by_health(logs)),
        "entries": seen.entries if seen is not None else None,
        "verified": seen.verified if seen is not None else None,
        "matches": seen.matches if seen is not None else None,
        "quarantined": seen.quarantined if seen is not None else None,
        "lag_entries": sum(log.lag for log in logs),
        "lag_seconds": round(max((log.lag_seconds for log in logs), default=0.0), 3),
        "stored_matches": one.stored,
        "stored_quarantined": one.quarantined,
        "waiting": dict(one.waiting),
        **sinks.as_json(one.sinks),
        "alarms": [
            {"key": alarm.key, "since": iso(alarm.since), "log": alarm.log or None, "text": alarm.text}
            for alarm in one.alarms
        ],
        "list_requests": seen.lists if seen is not None else {},
        "logs": [_log(log) for log in seen.logs] if seen is not None else [],
    }


def healths(logs: Iterable[Followed]) -> str:
    """`3 healthy, 1 failed, 2 finished`."""
    logs = list(logs)
    told = [f"{count} {health}" for health, count in _by_health([log for log in logs if not log.finished]).items()]
    finished = sum(bool(log.finished) for log in logs)
    return ", ".join(told + ([f"{finished} finished"] if finished else [])) or "none"


def requests(several: Iterable[Requests]) -> str:
    """`120 ok, 2 throttled, 0 failed (head 40, entries 82)`."""
    reasons, outcomes = Counter[str](), Counter[str]()
    for one in several:
        for reason, counts in one.items():
            reasons[reason] += sum(counts.values())
            outcomes.update(counts)
    for_what = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    always = ("ok", "throttled", "failed")
    others = sorted(outcome for outcome in outcomes if outcome not in always and outcomes[outcome])
    how = ", ".join(f"{outcomes[outcome]:,} {outcome}" for outcome in (*always, *others))
    return f"{how} ({for_what})" if for_what else how


def _head(one: Standing) -> str:
    seen = one.picture
    if one.process is not None:
        who = f"process {one.process}" if one.process else "a process of another machine or container"
        if seen is None:
            return f"{one.state}: {who} follows, and has saved nothing yet"
        return f"{one.state}: {who} follows, since {_moment(seen.since)} ({_ago(one.now - seen.since)})"
    ended = f"; the last run is of {_moment(seen.since)} to {_moment(seen.at)}" if seen is not None else ""
    return f"{one.state}: nobody follows now{ended}"


def _ill(logs: Iterable[Followed]) -> list[str]:
    ill = [log for log in logs if not log.finished and log.condition.health is not Health.HEALTHY]
    told = [
        f"{render.terminal(log.name)}: {log.condition.health.value}: {render.short(log.condition.trouble, TROUBLE)}"
        for log in ill[:ILL]
    ]
    return told + ([f"and {len(ill) - ILL} more: certhia logs shows all"] if len(ill) > ILL else [])


def _few(told: list[str], most: int, where: str) -> list[str]:
    """So many of them that all of it fits on a screen; `where` shows the others."""
    return [*told[:most], f"and {len(told) - most} more: {where} shows all"] if len(told) > most else told


def _by_health(logs: Iterable[Followed]) -> dict[str, int]:
    counts = Counter(log.condition.health for log in logs)
    return {health.value: counts[health] for health in Health if counts[health]}


def _log(log: Followed) -> dict[str, object]:
    return {
        "log": log.name,
        "log_id": b64encode(log.id).decode(),
        "health": log.condition.health.value,
        "trouble": log.condition.trouble or None,
        "unverified": log.condition.unverified,
        "finished": log.finished or None,
        "size": log.size,
        "position": log.position,
        "verified": log.verified,
        "lag_entries": log.lag,
        "lag_seconds": round(log.lag_seconds, 3),
        "entries_per_second": round(log.rate, 1),
        "requests": log.requests,
    }


def _moment(seconds: float) -> str:
    """`2026-11-21 09:30:00 UTC`."""
    return f"{iso(seconds)[:19].replace('T', ' ')} UTC"


def _ago(seconds: float) -> str:
    return f"{lasting(max(seconds, 0.0))} ago"
