"""How the logs and the stream are doing, as JSON: what `/stats`, `/health`, `/ready`, `/logs` answer.

All of it is in memory; nothing is asked of logs or disks.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from certhia.alarms.symptoms import contradictions
from certhia.clock import iso
from certhia.logs.snapshot import Run
from certhia.logs.status import Status
from certhia.model import Alarm, Health
from certhia.store.ledger import Track
from certhia.stream.tally import Tally

TROUBLE: Final = 500  # characters of what is wrong with a log
ILL: Final = (Health.FAILED, Health.FROZEN)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Relayed:
    """A certstream server that is read: what came of it in this run.

    Attributes:
        server: its address; inert, and without what nobody else is to know.
        connected: whether anything comes of it now.
        trouble: why the last connection ended, while there is none.
        messages: how many, by kind.
        missed: how many the server says it did not send.
        connections: how often one came about.
    """

    server: str
    connected: bool
    trouble: str
    messages: Mapping[str, int]
    missed: int
    connections: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The history that clients go on from.

    Attributes:
        nbytes: on disk.
        since: when the oldest of it was sent, Unix seconds; None while there is nothing.
        trouble: why nothing is recorded now; empty while all is well.
    """

    nbytes: int
    since: float | None
    trouble: str


@dataclass(frozen=True, slots=True)
class Known:
    """Where answers come from.

    Attributes:
        statuses: of every log that is or was followed in this run.
        run: what it did so far.
        tracks: what is proven of each log, by its id.
        outbox: deliveries that wait, by sink.
        relayed: the certstream servers that are read.
        history: what is kept for those who come back; None where nothing is.
    """

    statuses: Callable[[], Sequence[Status]]
    run: Callable[[], Run]
    tracks: Callable[[], Mapping[bytes, Track]]
    outbox: Callable[[], Awaitable[Mapping[str, int]]]
    relayed: Callable[[], Sequence[Relayed]] = tuple
    history: Callable[[], Kept | None] = lambda: None


def followed(known: Known) -> list[Status]:
    """The logs that are followed now."""
    return [status for status in known.statuses() if not status.finished]


def health(known: Known) -> tuple[bool, Json]:
    """Whether anything is followed, a log or another server; logs by how they are doing."""
    statuses, servers = followed(known), known.relayed()
    counts = Counter(status.health.value for status in statuses)
    connected = sum(one.connected for one in servers)
    healthy = bool(statuses or connected)
    answer: Json = {"healthy": healthy, "followed": len(statuses), "logs": dict(counts)}
    if servers:
        answer["servers"] = {"connected": connected, "lost": len(servers) - connected}
    return healthy, answer


def ready(known: Known) -> tuple[bool, Json]:
    """Whether what is followed has begun to come: a head of a log, or anything of another server."""
    statuses, servers = followed(known), known.relayed()
    begun = sum(status.head is not None for status in statuses) + sum(one.connected for one in servers)
    return bool(begun), {"ready": bool(begun), "begun": begun, "followed": len(statuses) + len(servers)}


def deep(known: Known, now: float) -> tuple[bool, Json]:
    """Whether at least half of the logs and servers are read; each of them, and all alarms. `now`: Unix seconds."""
    statuses, servers = followed(known), known.relayed()
    count = len(statuses) + len(servers)
    ill = sum(status.health in ILL for status in statuses) + sum(not one.connected for one in servers)
    healthy = bool(count) and 2 * ill <= count
    alarms = [
        {"key": alarm.key, "since": iso(alarm.since), "log": alarm.log or None, "text": alarm.text}
        for alarm in _alarms(known, now)
    ]
    answer = {"healthy": healthy, "alarms": alarms, "logs": [_log(status, now) for status in statuses]}
    return healthy, answer | ({"servers": [_server(one) for one in servers]} if servers else {})


def _alarms(known: Known, now: float) -> Iterator[Alarm]:
    """Those that are raised, and what followers found since the last look."""
    raised = known.run().alarms
    keys = {alarm.key for alarm in raised}
    yield from raised
    for status in known.statuses():
        for found in contradictions(status):
            if found.alarm.key not in keys:
                yield replace(found.alarm, since=now, text=found.alarm.text[:TROUBLE])
    if (kept := known.history()) is not None and kept.trouble:
        text = f"the stream's history can't be written, so nobody can go on from what is sent now: {kept.trouble}"
        yield Alarm("history", text[:TROUBLE], now)


def ledger(known: Known, now: float) -> Json:
    """What was seen of each log, to the entry."""
    tracks = known.tracks()
    return {
        "logs": [
            _log(status, now) | _proven(tracks.get(status.log.id)) | {"finished": status.finished or None}
            for status in known.statuses()
        ]
    }


def stats(known: Known, clients: Mapping[str, int], tallies: Mapping[str, Tally], now: float) -> Json:
    """What was done since the start."""
    run, servers = known.run(), known.relayed()
    done = run.summary
    return {
        "since": iso(run.since),
        "uptime_seconds": round(max(now - run.since, 0.0), 3),
        "logs": len(followed(known)),
        "processed_certs": done.entries + sum(_entries(one) for one in servers),  # as the original calls them
        "verified": done.verified,
        "quarantined": done.quarantined,
        "matches": done.matches,
        "alarms": len(run.alarms),
        "history": _history(known.history()),
        "streams": {
            kind: {
                "clients": clients.get(kind, 0),
                "sent": tally.sent,
                "missed": tally.missed,
                "gaps": tally.gaps,
                "bytes": tally.nbytes,
            }
            for kind, tally in tallies.items()
        },
    } | ({"servers": [_server(one) for one in servers]} if servers else {})


def _history(kept: Kept | None) -> Json | None:
    if kept is None:
        return None
    since = iso(kept.since) if kept.since is not None else None
    return {"bytes": kept.nbytes, "since": since, "trouble": kept.trouble[:TROUBLE] or None}


def _entries(one: Relayed) -> int:
    """Messages that told of a log entry."""
    return sum(one.messages.get(kind, 0) for kind in ("full", "lite", "domains"))


def _server(one: Relayed) -> Json:
    return {
        "server": one.server,
        "connected": one.connected,
        "trouble": one.trouble[:TROUBLE] if not one.connected else None,
        "entries": _entries(one),
        "messages": dict(one.messages),
        "missed": one.missed,
        "connections": one.connections,
    }


def _log(status: Status, now: float) -> Json:
    log = status.log
    return {
        "log": log.description or log.url,
        "log_url": log.url,
        "log_id": b64encode(log.id).decode(),
        "operator": log.operator or None,
        "kind": log.protocol.value,
        "state": log.state,
        "health": status.health.value,
        "trouble": status.trouble[:TROUBLE] or None,
        "size": status.head.size if status.head is not None else None,
        "position": status.position,
        "verified_position": status.verified,
        "provable": status.provable,
        "lag_entries": status.lag,
        "lag_seconds": round(status.lag_seconds(now), 3),
        "entries": status.entries,
        "quarantined": status.quarantined,
        "alarms": [text[:TROUBLE] for text in status.alarms],
    }


def _proven(track: Track | None) -> Json:
    """Ranges [start, end): those that are proven, and those that were skipped."""
    if track is None:
        return {"verified": [], "gaps": [], "frozen": False}
    return {
        "verified": [{"start": start, "end": end} for start, end in track.verified()],
        "gaps": [{"start": start, "end": end} for start, end in track.gaps],
        "frozen": track.frozen is not None,
    }
