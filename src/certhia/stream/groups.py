"""Clients by what they want: those who want the same are a group, and get the same blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from certhia._core import Audience, Filter, Form
from certhia.model import Log
from certhia.stream.client import Client
from certhia.stream.forms import Wanted

Shape = tuple[str, str, bool | None]
"""What makes messages the same JSON: kind, profile, cursor."""

Scope = tuple[str, Filter | None, tuple[str, ...], tuple[str, ...]]
"""What makes entries the same: order, filter, logs, operators."""


@dataclass(slots=True, eq=False)
class Group:
    """Clients that want the same. Lives on the loop; the core's thread reads all but `clients`.

    Attributes:
        shape: what it shares with groups that differ in filter and framing only; equal ones are one object.
        framing: as in `wanted`, at hand: with filters there are thousands of looks a second.
        order: likewise.
        everywhere: whether it wants entries of every log.
        scope: which entries it sees, where it wants each certificate once; None where it wants every sighting.
    """

    wanted: Wanted
    clients: set[Client] = field(default_factory=set)
    shape: Shape = field(init=False)
    framing: str = field(init=False)
    order: str = field(init=False)
    everywhere: bool = field(init=False)
    scope: Scope | None = field(init=False)
    _takes: dict[bytes, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = self.wanted
        self.shape = _one((wanted.kind, wanted.profile, wanted.cursor))
        self.framing, self.order = wanted.framing, wanted.order
        self.everywhere = not (wanted.logs or wanted.operators)
        self.scope = (wanted.order, wanted.filter, wanted.logs, wanted.operators) if wanted.dedupe else None

    def takes(self, log: Log) -> bool:
        """Whether entries of this log are wanted."""
        known = self._takes.get(log.id)
        if known is None:
            known = self._takes[log.id] = self.wanted.takes(log)
        return known


class Plan:
    """Who gets what of the pages that are made into blocks now. Immutable: the core's thread reads it.

    Attributes:
        groups: all that there are.
        audience: the filters of those groups that have one.
        filtered: the groups of each of its filters, by number.
        plain: the groups without a filter, by order.
        orders: in which somebody wants pages.
        chosen: the orders in which somebody has a filter.
        fresh: the orders in which somebody wants first sightings only.
        scopes: which entries they see.
        chains: whether anybody is sent chains.
    """

    def __init__(
        self,
        groups: Sequence[Group] = (),
        audience: Audience | None = None,
        filtered: Sequence[Sequence[Group]] = (),
    ) -> None:
        self.groups = tuple(groups)
        self.audience = audience
        self.filtered = tuple(map(tuple, filtered))
        self.orders: frozenset[str] = frozenset(group.wanted.order for group in groups)
        self.chosen: frozenset[str] = frozenset(group.wanted.order for group in groups if is_filtered(group))
        self.fresh: frozenset[str] = frozenset(group.wanted.order for group in groups if group.wanted.dedupe)
        self.scopes: frozenset[Scope] = frozenset(group.scope for group in groups if group.scope is not None)
        self.chains = any(group.wanted.kind == "full" for group in groups)
        plain = [group for group in groups if not is_filtered(group)]
        self.plain: dict[str, tuple[Group, ...]] = {
            order: tuple(one for one in plain if one.wanted.order == order) for order in self.orders
        }


@lru_cache(maxsize=64)
def _one(shape: Shape) -> Shape:
    return shape


def form_of(shape: Shape) -> Form:
    """The core's word for a shape."""
    kind, profile, cursor = shape
    return Form(kind, profile, cursor=cursor)


def is_filtered(group: Group) -> bool:
    """Whether the core has to look for what it wants."""
    return group.wanted.filter is not None
