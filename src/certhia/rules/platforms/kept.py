"""The last scopes of a platform that were good, as the state keeps them: a restart watches them whatever is down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from certhia.rules.platforms.records import KINDS, Ruled, Scope

NAME: Final = "platform:"  # the setting of the state that a platform's are kept in, with its name behind
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What is watched of one platform.

    Attributes:
        scopes: by the programmes' handles.
        at: Unix seconds when the platform said so; 0.0 where it never did.
        emptied: whether it said, when it was asked last, that there are no programmes any more.
    """

    scopes: Mapping[str, Scope] = field(default_factory=dict)
    at: float = 0.0
    emptied: bool = False

    @property
    def count(self) -> int:
        """Rules, with those that exclude."""
        return sum(len(scope.rules) + len(scope.out) for scope in self.scopes.values())


def write(kept: Kept) -> str:
    """As JSON."""
    scopes = [
        {
            "handle": one.handle,
            "name": one.name,
            "platform": one.platform,
            "rules": [list(rule) for rule in one.rules],
            "out": [list(rule) for rule in one.out],
        }
        for one in kept.scopes.values()
    ]
    return json.dumps({"version": VERSION, "at": kept.at, "emptied": kept.emptied, "scopes": scopes})


def read(text: str | None) -> Kept | None:
    """What `write` wrote; None for anything else."""
    try:
        found = json.loads(text or "null")
        if found is None or found["version"] != VERSION:
            return None
        scopes = [_scope(one) for one in found["scopes"]]
        return Kept({one.handle: one for one in scopes}, float(found["at"]), bool(found["emptied"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _scope(one: Any) -> Scope:
    return Scope(str(one["handle"]), str(one["name"]), _rules(one["rules"]), _rules(one["out"]), str(one["platform"]))


def _rules(rows: Any) -> tuple[Ruled, ...]:
    rules = tuple(Ruled(str(kind), str(value)) for kind, value in rows)
    if any(rule.kind not in KINDS for rule in rules):
        raise ValueError("a kind of rule that no platform gives")
    return rules
