"""Clients by what they want: those who want the same are a group, and get the same blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from certhia._core import Audience, Form
from certhia.model import Log
from certhia.stream.client import Client
from certhia.stream.forms import Wanted

Shape = tuple[str, str, bool | None]
"""What makes messages the same JSON: kind, profile, cursor."""


@dataclass(slots=True, eq=False)
class Group:
    """Clients that want the same. Lives on the loop; the core's thread reads `wanted`, `form` and `takes` only."""

    wanted: Wanted
    clients: set[Client] = field(default_factory=set)
    _takes: dict[bytes, bool] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """What it shares with groups that differ in filter and framing only."""
        return self.wanted.kind, self.wanted.profile, self.wanted.cursor

    def takes(self, log: Log) -> bool:
        """Whether entries of this log are wanted."""
        known = self._takes.get(log.id)
        if known is None:
            known = self._takes[log.id] = self.wanted.takes(log)
        return known


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets what of the pages that are made into blocks now. Immutable: the core's thread reads it."""

    groups: tuple[Group, ...] = ()
    audience: Audience | None = None  # the filters of those groups that have one
    filtered: tuple[tuple[Group, ...], ...] = ()  # the groups of each of its filters, by number

    def wants(self, order: str) -> bool:
        """Whether anybody wants pages in this order."""
        return any(group.wanted.order == order for group in self.groups)


def form_of(shape: Shape) -> Form:
    """The core's word for a shape."""
    kind, profile, cursor = shape
    return Form(kind, profile, cursor=cursor)


def is_filtered(group: Group) -> bool:
    """Whether the core has to look for what it wants."""
    return group.wanted.filter is not None
