"""Who wants what: groups of clients, and the filters of all of them in one table. Changes wait for `settle`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from certhia._core import Audience, Filter
from certhia.stream.client import Client
from certhia.stream.forms import Wanted
from certhia.stream.groups import Group, Plan
from certhia.stream.room import Room


@dataclass(frozen=True, slots=True)
class _Change:
    """What a client wants from the next batch on, if `holds` then; `answer` hears whether."""

    wanted: Wanted
    holds: Callable[[], bool] | None = None
    answer: asyncio.Future[bool] | None = None


class Members:
    """Groups of clients that want the same.

    Attributes:
        plan: who gets what now.
        changed: set when filters came or went: `filters` are to be compiled again.
        room: what all filters take together.
    """

    def __init__(self) -> None:
        self.plan = Plan()
        self.changed = asyncio.Event()
        self.room = Room()
        self._groups: dict[Wanted, Group] = {}
        self._of: dict[Client, Group] = {}
        self._changes: dict[Client, _Change] = {}
        self._asked: dict[Client, Filter] = {}  # what is wanted now, or will be once older messages are sent
        self._audience: Audience | None = None
        self._numbers: dict[Filter, int] = {}  # in the audience
        self._stale = False  # whether `plan` is to be made anew

    def __len__(self) -> int:
        return len(self._of)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups, each with at least one client."""
        return tuple(self._groups.values())

    def wants(self, order: str) -> bool:
        """Whether anybody wants pages in this order, or will from the next batch on."""
        return order in self.plan.orders or any(one.wanted.order == order for one in self._changes.values())

    def order(self, client: Client) -> str | None:
        """The order in which a client gets what comes live; None for one that doesn't yet."""
        group = self._of.get(client)
        return group.wanted.order if group is not None else None

    @property
    def wants_chains(self) -> bool:
        """Whether anybody is sent chains."""
        return self.plan.chains

    def ask(self, client: Client, wanted: Wanted) -> None:
        """A client is going to want this: its filter has room from now on. Raises ConfigError where there is none; then
        it wants what it wanted."""
        if wanted.filter is not None:
            self.room.check(wanted.filter)
            self.room.take(wanted.filter)
        self.room.give(self._asked.pop(client, None))
        if wanted.filter is not None:
            self._asked[client] = wanted.filter

    def want(
        self,
        client: Client,
        wanted: Wanted,
        holds: Callable[[], bool] | None = None,
        answer: asyncio.Future[bool] | None = None,
    ) -> None:
        """A client wants this from the next batch on, if `holds` says so then."""
        self._cancel(client)
        self._changes[client] = _Change(wanted, holds, answer)
        self.room.take(wanted.filter)
        if not self._is_compiled(wanted):
            self.changed.set()

    def leave(self, client: Client) -> None:
        """A client wants nothing any more."""
        self.room.give(self._asked.pop(client, None))
        self._cancel(client)
        self._remove(client)

    def settle(self) -> None:
        """Makes the changes that can be made: those whose filter is compiled."""
        for client, change in list(self._changes.items()):
            wanted = change.wanted
            if not self._is_compiled(wanted):
                continue
            del self._changes[client]
            done = change.holds is None or change.holds()
            if done:
                self._remove(client)
                self._add(client, wanted)
            self.room.give(wanted.filter)
            if change.answer is not None and not change.answer.done():
                change.answer.set_result(done)
        if self._stale:
            self._stale = False
            self.plan = self._planned()

    # --- filters ---

    def filters(self) -> dict[Filter, int]:
        """All filters that are wanted, numbered."""
        wanted = (*self._groups, *(change.wanted for change in self._changes.values()))
        distinct = dict.fromkeys(one.filter for one in wanted if one.filter is not None)
        return {one: number for number, one in enumerate(distinct)}

    def compiled(self, audience: Audience | None, numbers: dict[Filter, int]) -> None:
        """The table of these filters is there."""
        if any(one.filter is not None and one.filter not in numbers for one in self._groups):
            self.changed.set()  # a filter that had gone is wanted again: the next table has it
            return
        self._audience, self._numbers = audience, numbers
        self._stale = True

    def refuse(self, filters: dict[Filter, int], at: int) -> list[Client]:
        """Some of these filters can't be compiled with the others, as the one with that number is too much: takes one
        away from them, and from all who want it, and gives these. Who has been served is served on: it is one that is
        in no table yet, the last of them where the named one isn't among them."""
        each = list(filters)
        new = [one for one in each if one not in self._numbers]
        gone = each[at] if at < len(each) and (each[at] in new or not new) else (new or each)[-1]
        filters.clear()
        filters.update((one, number) for number, one in enumerate(one for one in each if one != gone))
        changing = {client for client, change in self._changes.items() if change.wanted.filter == gone}
        clients = changing | {client for client, group in self._of.items() if group.wanted.filter == gone}
        for client in clients:
            self.leave(client)
        return list(clients)

    def _is_compiled(self, wanted: Wanted) -> bool:
        return wanted.filter is None or wanted.filter in self._numbers

    def _planned(self) -> Plan:
        groups = self.groups
        of: list[list[Group]] = [[] for _ in self._numbers]
        for group in groups:
            if group.wanted.filter is not None:
                of[self._numbers[group.wanted.filter]].append(group)
        return Plan(groups, self._audience, of)

    def _add(self, client: Client, wanted: Wanted) -> None:
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = Group(wanted)
            self.room.take(wanted.filter)
        group.clients.add(client)
        self._of[client] = group
        self._stale = True

    def _remove(self, client: Client) -> None:
        group = self._of.pop(client, None)
        if group is None:
            return
        group.clients.discard(client)
        if not group.clients:
            del self._groups[group.wanted]
            self._stale = True
            self.room.give(group.wanted.filter)
            if group.wanted.filter is not None:
                self.changed.set()

    def _cancel(self, client: Client) -> None:
        before = self._changes.pop(client, None)
        if before is None:
            return
        self.room.give(before.wanted.filter)
        if before.answer is not None and not before.answer.done():
            before.answer.set_result(False)
