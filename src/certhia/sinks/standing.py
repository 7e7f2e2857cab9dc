"""How sinks, and the hosts that they send to, are doing: as the follower noted it, for commands that look on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from certhia import render
from certhia.clock import iso
from certhia.store.letters import NAMES
from certhia.store.schema import DEAD, HELD

REASON: Final = 160  # characters of why something fails


@dataclass(frozen=True, slots=True)
class Noted:
    """What was noted last; empty where nothing was.

    Attributes:
        sinks: by name, as `Outbox.standing` has them.
        hosts: as `certhia.sinks.breaker.Circuit` has them.
        counts: deliveries by sink and state, from the state itself.
    """

    sinks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hosts: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)


def noted(text: str | None, counts: Mapping[str, Mapping[int, int]]) -> Noted:
    """From the setting of the state. What another version wrote, and can't be read, counts as nothing."""
    try:
        content = json.loads(text or "{}")
        return Noted(dict(content.get("sinks", {})), tuple(content.get("hosts", ())), counts)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Noted(counts=counts)


def lines(one: Noted) -> list[str]:
    """For people: what is not as it should be."""
    told = list[str]()
    for name, sink in one.sinks.items():
        shown, reason = render.terminal(name), render.short(str(sink.get("failing", "")), REASON)
        if sink.get("gone"):
            told.append(f"sink {shown}: wants no more, until certhia outbox retry {shown}: {reason}")
        elif reason:
            told.append(
                f"sink {shown}: fails since {_moment(sink['since'])}, next at {_moment(sink['next_at'])}: {reason}"
            )
        if sink.get("too_many"):
            told.append(f"sink {shown}: its queue is full; {sink['too_many']:,} matches go into a digest")
    for name, by_state in one.counts.items():
        aside = [f"{by_state[state]:,} {NAMES[state]}" for state in (HELD, DEAD) if by_state.get(state)]
        if aside:
            told.append(f"sink {render.terminal(name)}: {', '.join(aside)}; certhia outbox list shows them")
    told += [
        f"host {render.terminal(host['host'])}: not asked for now, {host['failures']} failures in a row since "
        f"{_moment(host['since'])}: {render.short(host['reason'], REASON)}"
        for host in one.hosts
        if host["state"] != "closed"
    ]
    return told


def as_json(one: Noted) -> dict[str, object]:
    """For programs: every sink in use, and every host that was sent to. Times are RFC 3339 in UTC."""
    return {
        "sinks": {
            name: {
                "failing": sink.get("failing") or None,
                "since": _time(sink.get("since")),
                "next_at": _time(sink.get("next_at")),
                "gone": bool(sink.get("gone")),
                "digest": int(sink.get("too_many", 0)),
                **{NAMES[state]: one.counts.get(name, {}).get(state, 0) for state in (HELD, DEAD)},
            }
            for name, sink in one.sinks.items()
        },
        "hosts": [{**host, "since": _time(host["since"])} for host in one.hosts],
    }


def _moment(seconds: float | None) -> str:
    return f"{iso(seconds)[:19].replace('T', ' ')} UTC" if seconds is not None else "never"


def _time(seconds: float | None) -> str | None:
    return iso(seconds) if seconds is not None else None
