"""What a platform's `fetch` is given: how to ask, how many programmes to take, and how to make scopes of assets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from certhia.clock import Clock
from certhia.errors import RemoteError, Throttled
from certhia.net import Transport
from certhia.rules.platforms.client import Client, Denied, Withheld
from certhia.rules.platforms.fields import Unreadable
from certhia.rules.platforms.records import Asset, Fetched, Listed, Scope
from certhia.rules.platforms.scopes import scope_of

if TYPE_CHECKING:
    from certhia._core import Suffixes

FAILURES: Final = 3  # programmes in a row whose scope can't be had, before the rest is not asked for


@dataclass(frozen=True, slots=True)
class Ask:
    """One sync of one platform. `known`: handles of programmes that are watched already. `had`: scopes of an earlier
    try that was cut short, with what of each could not be used: they are not asked for again, and others join them.
    `shows`: gets a line now and then, of what is done."""

    transport: Transport
    clock: Clock
    most: int  # programmes
    known: Collection[str] = ()
    had: dict[str, tuple[Scope, list[str]]] = field(default_factory=dict)
    subdomains: bool = False
    timeout: float = 30.0
    suffixes: Suffixes | None = None
    listing: bool = False  # whether the list of programmes is all that is wanted
    shows: Callable[[str], None] = lambda _: None

    def client(self, url: str, headers: Mapping[str, str] | None = None, *, gap: float = 0.0) -> Client:
        """What asks one place; `url` and `headers` as in `Client`."""
        return Client(self.transport, self.clock, url, headers, gap=gap, timeout=self.timeout)

    def choose(self, listed: Sequence[Listed]) -> tuple[list[Listed], int]:
        """As many of a platform's programmes as are taken, those that are watched already first: an order that changes
        must not make them come and go. Gives how many are left out, too."""
        ranked = sorted(dict.fromkeys(listed), key=lambda one: one.handle not in self.known)
        return ranked[: self.most], max(0, len(ranked) - self.most)

    def scope(self, handle: str, name: str, assets: Iterable[Asset], platform: str = "") -> tuple[Scope, list[str]]:
        """A programme's scope, and what of its assets could not be used."""
        return scope_of(handle, name, assets, subdomains=self.subdomains, platform=platform, suffixes=self.suffixes)

    async def each(self, listed: Sequence[Listed], assets: Callable[[Listed], Awaitable[Sequence[Asset]]]) -> Fetched:
        """The scopes of a platform that is asked for each by itself. One that can't be had is told of and passed over;
        where several in a row can't, the platform fails. Where it asks to wait for longer than a sync may take, what
        was fetched by then counts. Raises RemoteError."""
        chosen, left_out = self.choose(listed)
        if self.listing:
            return Fetched({one.handle: Scope(one.handle, one.name) for one in chosen}, left_out=left_out)
        scopes, failed, notes = dict[str, Scope](), dict[str, str](), list[str]()
        in_a_row = 0
        for count, one in enumerate(chosen, 1):
            self.shows(f"{count} of {len(chosen)}: {one.name}")
            try:
                if one.handle not in self.had:
                    found = await assets(one)
                    self.had[one.handle] = await asyncio.to_thread(self.scope, one.handle, one.name, found)
                scopes[one.handle], said = self.had[one.handle]
            except Denied:  # it would only be worse for the next
                raise
            except Throttled as error:  # likewise
                if not scopes:
                    raise
                asked = {*scopes, *failed}
                unasked = [left.handle for left in chosen if left.handle not in asked]
                return Fetched(scopes, failed, notes, left_out, unasked, error)
            except RemoteError as error:
                failed[one.handle] = f"{one.name}: {error}"
                in_a_row += not isinstance(error, Withheld | Unreadable)
                if in_a_row == FAILURES:
                    raise
                continue
            in_a_row = 0
            notes += said
        self.had.clear()
        return Fetched(scopes, failed, notes, left_out)
