"""From what was written to what is asked: names are resolved, every address is judged."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address
from socket import inet_ntoa
from typing import Final, TypeAlias

from certhia.clock import Clock
from certhia.scanner.addresses import inward
from certhia.scanner.budget import BESIDE, Budget, Turns
from certhia.scanner.dns import MAX_ADDRESSES, Resolver
from certhia.scanner.places import Places
from certhia.scanner.plan import Plan
from certhia.scanner.records import Failure, Target
from certhia.scanner.targets import Block, Name, Written
from certhia.scanner.visiting import Knock, Visit

SLOTS: Final = 2 * MAX_ADDRESSES  # places of one host and port where all its addresses are asked

Item: TypeAlias = "Target | tuple[Target, Failure]"
Skipped: TypeAlias = range  # places that nobody is going to ask


class Finder:
    """Makes targets. On the loop.

    Args:
        plan: what is visited.
        resolver: of names.
        done: places that an earlier run has done.
        budget: of addresses that redirects lead to.
        beside: of those that pages lead to, each for scripts of its own.
        turns: at addresses of hosts in scope that certificates name.
    """

    def __init__(
        self,
        plan: Plan,
        resolver: Resolver,
        done: Places,
        budget: Budget,
        *,
        beside: Budget | None = None,
        turns: Turns | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._plan = plan
        self._resolver = resolver
        self._done = done
        self._budget = budget
        self._beside = beside or Budget(interval=BESIDE, clock=clock)
        self._turns = turns or Turns(clock=clock)
        self._clock = clock or Clock()
        self.width = len(plan.knocks) * (SLOTS if plan.every else 1)  # places of a host

    async def offered(self, name: Name) -> list[tuple[float, list[Item]]]:
        """The targets of a host that was found while scanning, at each address with the moment of its turn."""
        knocks = self._plan.knocks_at(name.port)
        addresses, failure = await self._addresses(name.host)
        if failure is None and name.path is not None:
            failure = _inwards(addresses)
        if failure is not None:
            return [(self._clock.monotonic(), [(_target(name, name.host, "", knocks[0], None), failure)])]
        found: list[tuple[float, list[Item]]] = []
        for address, closed in self._judged(addresses):
            reason, moment = closed, self._clock.monotonic()
            # Where a redirect leads is a stranger's choice alone; a name in scope is the user's, too.
            if reason is None and name.path is not None and not self._budget.take(address, name.host):
                reason = "asked a short while ago, or its domain often enough"
            elif reason is None and name.path is None:
                moment = self._turns.take(address)
            targets = [_target(name, name.host, address, knock, None) for knock in knocks]
            found.append((moment, [*targets] if reason is None else [(targets[0], _refused(address, reason))]))
        return found

    async def beside(self, host: str, at: str = "") -> str | None:
        """The address at which a host may be asked that a page names, once its turn has come; None where it may not.
        `at`: where that page is, which may be asked anyway."""
        addresses, failure = await self._addresses(host)
        if failure is not None or _inwards(addresses) is not None:
            return None
        address, closed = self._judged(addresses)[0]
        if closed is not None:
            return None
        if at in addresses:
            return at
        while not self._beside.take(address):
            await self._clock.sleep(self._beside.wait(address))
        return address

    async def written(self, target: Written, first: int) -> list[Item | Skipped]:
        """The targets of a host, or of an address with a port or path of its own."""
        plan = self._plan
        knocks = plan.knocks_at(target.port)
        whole = range(first, first + self.width)
        if isinstance(target, Block):
            addresses, failure = [_address(target)], None
            host = None
        else:
            host = target.host
            addresses, failure = await self._addresses(host)
        if failure is not None:
            lost = [(_target(target, host, "", knocks[0], first), failure)] if first not in self._done else []
            return [*lost, *_rest(first + 1, whole.stop)]
        items: list[Item] = []
        asked = 0
        for address, reason in self._judged(addresses):
            for knock in knocks if reason is None else knocks[:1]:
                place = first + asked
                asked += 1
                if place in self._done:
                    continue
                named = knock
                if plan.pointed and reason is None:
                    named = knock._replace(server_name=await self._pointer(address))
                found = _target(target, host, address, named, place)
                items.append(found if reason is None else (found, _refused(address, reason)))
        return [*items, *_rest(first + asked, whole.stop)]

    async def _addresses(self, host: str) -> tuple[list[str], Failure | None]:
        if (reason := self._plan.excluded.name(host)) is not None:
            return [], _refused(host, reason)
        found = await self._resolver.resolve(host)
        return list(found.addresses), Failure("dns", "", found.fault) if found.fault else None

    def _judged(self, addresses: Sequence[str]) -> list[tuple[str, str | None]]:
        """The addresses to be asked, each with why it is not. Of a host that is asked at one address, that is the
        first open one."""
        judged = [(address, self._plan.excluded.address(address)) for address in addresses]
        if self._plan.every:
            return sorted(judged)
        return [next((one for one in judged if one[1] is None), judged[0])]

    async def visited(self, visit: Visit) -> list[Item]:
        """The target of a range that is asked by the name of its PTR record; its number is its place here."""
        if visit.number in self._done:
            return []
        name = await self._pointer(visit.address)
        return [target_of(visit, visit.knock._replace(server_name=name), visit.number)]

    async def _pointer(self, address: str) -> str | None:
        names = (await self._resolver.pointers(address)).names
        return names[0] if names else None


def _rest(start: int, stop: int) -> list[Skipped]:
    return [range(start, stop)] if start < stop else []


def _inwards(addresses: Sequence[str]) -> Failure | None:
    """Why a host is not asked that a server led to: one foot inside is enough, whatever the user scans of his own."""
    reasons = ((address, inward(address)) for address in addresses)
    return next((_refused(address, reason) for address, reason in reasons if reason is not None), None)


def _refused(what: str, reason: str) -> Failure:
    return Failure("policy", "", f"{what}: {reason}")


def _target(target: Written, host: str | None, address: str, knock: Knock, place: int | None) -> Target:
    (number, starttls), name = knock
    return Target(target.origin, target.line, host, address, number, starttls, name, target.path, place)


def target_of(visit: Visit, knock: Knock, place: int) -> Target:
    """The target of a range's visit."""
    (number, starttls), name = knock
    return Target(visit.block.origin, visit.block.line, None, visit.address, number, starttls, name, None, place)


def _address(block: Block) -> str:
    return inet_ntoa(block.first.to_bytes(4)) if block.version == 4 else str(IPv6Address(block.first))
