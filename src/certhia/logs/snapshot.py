"""What the follower knows of its logs and of its run, kept in the state for commands that look on."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from certhia.logs.asked import Asked
from certhia.logs.status import Status
from certhia.model import Alarm, Head, Health, Summary

NAME = "statuses"  # of the setting in the state
FRESH = 90.0  # seconds; an older snapshot is of a follower that is gone
LONGEST = 500  # characters of what is said about a log
MOST = 200  # alarms

Requests = Mapping[str, Mapping[str, int]]  # by reason, then by outcome


@dataclass(frozen=True, slots=True)
class Condition:
    """How the follower is getting on with one log."""

    health: Health
    unverified: bool = False  # followed without proof, as the log gives none
    trouble: str = ""  # what is wrong, or waited for


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did so far."""

    process: int
    since: float  # Unix seconds
    summary: Summary
    alarms: tuple[Alarm, ...]
    asked: Mapping[bytes, Asked]  # by log id
    lists: Asked
    boot: float = 0.0  # seconds since the machine's start, now


@dataclass(frozen=True, slots=True)
class Followed:
    """One log, as the follower had it."""

    id: bytes
    name: str
    condition: Condition
    finished: str  # why it is no longer followed
    size: int | None  # entries, of the newest head
    position: int  # downloaded
    verified: int
    lag: int  # entries
    lag_seconds: float
    rate: float  # entries a second
    requests: Requests


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a snapshot, as commands read it. Counts are of the run that began at `since`."""

    at: float  # Unix seconds when it was saved
    process: int
    since: float
    entries: int
    verified: int
    matches: int
    quarantined: int
    alarms: tuple[Alarm, ...]
    logs: tuple[Followed, ...]
    lists: Requests
    boot: float | None = None  # as `at`, in seconds since the machine's start


def write(statuses: Sequence[Status], now: float, run: Run | None = None) -> str:
    """The newest head and the condition of each log, and what the run did, as text. `now`: Unix seconds."""
    asked = run.asked if run is not None else {}
    logs = {b64encode(one.log.id).decode(): _one(one, now, asked.get(one.log.id) or Asked()) for one in statuses}
    return json.dumps({"at": now, "logs": logs} | ({"run": _run(run)} if run is not None else {}))


def _one(status: Status, now: float, asked: Asked) -> dict[str, object]:
    known: dict[str, object] = {
        "health": status.health.value,
        "unverified": not status.provable,
        "trouble": status.trouble[:LONGEST],
        "name": (status.log.description or status.log.url)[:LONGEST],
        "finished": status.finished[:LONGEST],
        "position": status.position,
        "verified": status.verified,
        "lag": status.lag,
        "lag_seconds": status.lag_seconds(now),
        "rate": status.rate,
        "requests": asked.as_json(),
    }
    if (head := status.head) is not None:
        known |= {"size": head.size, "root": b64encode(head.root).decode(), "timestamp": head.timestamp}
    return known


def _run(run: Run) -> dict[str, object]:
    done = run.summary
    return {
        "process": run.process,
        "since": run.since,
        "entries": done.entries,
        "verified": done.verified,
        "matches": done.matches,
        "quarantined": done.quarantined,
        "alarms": [asdict(alarm) | {"text": alarm.text[:LONGEST]} for alarm in run.alarms[:MOST]],
        "lists": run.lists.as_json(),
        "boot": run.boot,
    }


def read(text: str | None, now: float) -> tuple[dict[bytes, Head], dict[bytes, Condition]]:
    """Heads (without what was served) and conditions by log id; empty where there is no fresh snapshot."""
    known = json.loads(text or "{}")
    if not known or abs(now - known["at"]) > FRESH:
        return {}, {}
    heads, conditions = {}, {}
    for key, one in known["logs"].items():
        log_id = b64decode(key)
        if "size" in one:
            heads[log_id] = Head(one["size"], b64decode(one["root"]), one["timestamp"], b"")
        conditions[log_id] = _condition(one)
    return heads, conditions


def picture(text: str | None) -> Picture | None:
    """All of a snapshot, however old; None where there is none, or one of another version."""
    known = json.loads(text or "{}")
    run = known.get("run")
    if run is None:
        return None
    try:
        logs = tuple(_followed(b64decode(key), one) for key, one in known["logs"].items())
        alarms = tuple(Alarm(**alarm) for alarm in run["alarms"])
        return Picture(at=known["at"], logs=logs, **run | {"alarms": alarms})
    except (KeyError, TypeError, ValueError):
        return None


def _followed(log_id: bytes, one: Mapping[str, Any]) -> Followed:
    plain = {name: one[name] for name in _PLAIN}
    return Followed(id=log_id, condition=_condition(one), size=one.get("size"), **plain)


_PLAIN = ("name", "finished", "position", "verified", "lag", "lag_seconds", "rate", "requests")


def _condition(one: Mapping[str, Any]) -> Condition:
    return Condition(Health(one["health"]), bool(one.get("unverified", False)), str(one.get("trouble", "")))
