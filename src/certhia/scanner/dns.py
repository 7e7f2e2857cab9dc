"""From names to addresses, and back: what name servers say, remembered for as long as they say.

The same name is asked for once, however many want it at the same time. Answers count as far as they are about what was
asked: the chain of CNAMEs is followed record by record, and asked on where an answer leaves it open. What comes of a
name is an `Addresses`, also where there are none: then it says why.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from itertools import chain, zip_longest
from typing import Final, NamedTuple

from certhia.clock import Clock
from certhia.scanner.answers import Ask, Record, Unanswered
from certhia.scanner.cache import Cache
from certhia.scanner.hosts import HostError, read_host

MAX_ALIASES = 8  # CNAMEs between a name and its addresses
MAX_ADDRESSES = 64  # of one name and kind; the rest is left out
MAX_POINTERS = 8  # names of one address
MAX_CACHED = 20_000  # names, and as many addresses

SHORTEST: Final = 10.0  # seconds that an answer is kept, whatever it says
LONGEST: Final = 3600.0
ABSENT: Final = 60.0  # seconds for names that do not exist, or have no such record
FAILED: Final = 5.0  # seconds for all else; RFC 2308 section 7 allows five minutes
PATIENCE: Final = 10.0  # seconds for all further questions that aliases lead to
_LASTING: Final = ("NXDOMAIN", "NODATA")


class Addresses(NamedTuple):
    """What a name leads to.

    Attributes:
        name: A-labels.
        addresses: numeric, the versions by turns, the preferred one first (RFC 8305 section 4).
        aliases: the CNAMEs on the way, in order.
        fault: why there is no address ("NXDOMAIN", "no answer in time"); "" where there is one.
    """

    name: str
    addresses: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    fault: str = ""


class Pointers(NamedTuple):
    """The names that an address's PTR records give, A-labels; those that are none are left out."""

    address: str
    names: tuple[str, ...]
    fault: str = ""


class Records(NamedTuple):
    """What a name has of one kind of record; none, with a fault: "NODATA", "NXDOMAIN", "SERVFAIL"..."""

    name: str
    values: tuple[str, ...]
    fault: str = ""


class _Answer(NamedTuple):
    values: tuple[str, ...]
    aliases: tuple[str, ...]
    ttl: float
    fault: str = ""


class Resolver:
    """Asks, and remembers.

    Args:
        ask: asks one question, `Nameservers.ask` as a rule.
        versions: (4, 6), (6, 4), (4,) or (6,): those wanted, the preferred one first.
        every: whether all addresses are wanted. Else the second version is only asked for where the first has none.
        fixed: addresses of names that nobody is asked for, as those of a hosts file.
        at_once: questions under way; more wait.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        versions: Sequence[int] = (4, 6),
        every: bool = False,
        fixed: Mapping[str, Sequence[str]] | None = None,
        at_once: int = 256,
        clock: Clock | None = None,
    ) -> None:
        self._ask = ask
        self._kinds = ["A" if version == 4 else "AAAA" for version in versions]
        self._every = every
        self._fixed = fixed or {}
        self._at_once = at_once
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()  # for their turn to ask
        self._clock = clock or Clock()
        self._names: Cache[Addresses] = Cache(MAX_CACHED, self._clock)
        self._pointers: Cache[Pointers] = Cache(MAX_CACHED, self._clock)
        self._records: Cache[Records] = Cache(MAX_CACHED, self._clock)
        self._wanted: dict[str, list[asyncio.Future[Addresses | None]]] = {}  # of those who wait for somebody's answer

    def known(self, name: str) -> Addresses | None:
        """What is remembered of a name in A-labels; None where it has to be asked for."""
        return self._names.get(name)

    async def resolve(self, name: str) -> Addresses:
        """The addresses of a name in A-labels. Never raises for what a server says."""
        if (found := self._names.get(name)) is not None:
            return found
        while (waiting := self._wanted.get(name)) is not None:
            if (told := await _joined(waiting)) is not None:
                return told
        self._wanted[name] = []
        found = None
        try:
            found = await self._addresses(name)
        finally:
            _tell(self._wanted.pop(name), found)
        return found

    async def pointers(self, address: str) -> Pointers:
        """The names of an address."""
        if (found := self._pointers.get(address)) is not None:
            return found
        return await self._reverse(address)

    async def records(self, name: str, kind: str) -> Records:
        """The records of one kind at the end of a name's aliases, as `answers.Record` has their values."""
        key = f"{kind} {name}"
        if (found := self._records.get(key)) is not None:
            return found
        answer = await self._answer(name, kind)
        found = Records(name, answer.values, answer.fault)
        self._records.put(key, found, answer.ttl)
        return found

    async def _addresses(self, name: str) -> Addresses:
        if fixed := self._fixed.get(name):
            found, ttl = self._of_fixed(name, fixed), LONGEST
        elif self._every and len(self._kinds) > 1:
            found, ttl = _together(name, await asyncio.gather(*(self._answer(name, kind) for kind in self._kinds)))
        else:
            answer = await self._answer(name, self._kinds[0])
            if answer.values:
                found, ttl = Addresses(name, answer.values, answer.aliases), answer.ttl
            elif len(self._kinds) == 1 or answer.fault == "NXDOMAIN":
                found, ttl = _together(name, [answer])
            else:
                found, ttl = _together(name, [answer, await self._answer(name, self._kinds[1])])
        self._names.put(name, found, ttl)
        return found

    def _of_fixed(self, name: str, addresses: Sequence[str]) -> Addresses:
        versions = ["AAAA" if ":" in one else "A" for one in addresses]
        by_kind = [[one for one, kind in zip(addresses, versions, strict=True) if kind == each] for each in self._kinds]
        found = _by_turns(by_kind)
        return Addresses(name, found, (), "" if found else "no address")

    async def _reverse(self, address: str) -> Pointers:
        answer = await self._answer(ip_address(address).reverse_pointer, "PTR")
        names: dict[str, None] = {}
        for text in answer.values:
            try:
                names[read_host(text)] = None
            except HostError:  # a PTR record may hold anything
                continue
        kept = tuple(names)[:MAX_POINTERS]
        fault = answer.fault or ("" if kept else "no name")
        found = Pointers(address, kept, fault)
        self._pointers.put(address, found, answer.ttl)
        return found

    async def _answer(self, name: str, kind: str) -> _Answer:
        """One kind of record, at the end of all aliases."""
        owner, ttl, until = name, LONGEST, 0.0
        aliases: list[str] = []
        while True:
            while self._open >= self._at_once:
                await self._turn()
            self._open += 1
            try:
                records = await self._ask(owner, kind)
                values, ttl = _of(records, owner, kind, ttl)
                end = owner
                if not values:
                    end, ttl = _followed(records, owner, aliases, ttl)
                    values, ttl = _of(records, end, kind, ttl)
            except Unanswered as error:
                seconds = ABSENT if error.word in _LASTING else FAILED
                return _Answer((), tuple(aliases), seconds, error.word)
            finally:
                self._open -= 1
                if self._waiting:
                    self._next()
            if values:
                return _Answer(tuple(values[:MAX_ADDRESSES]), tuple(aliases), max(ttl, SHORTEST))
            if end == owner:
                return _Answer((), tuple(aliases), ABSENT, "NODATA")
            now = self._clock.monotonic()
            until = until or now + PATIENCE
            if now >= until:
                return _Answer((), tuple(aliases), FAILED, "no answer in time")
            owner = end

    async def _turn(self) -> None:
        """Waits until one question less is under way."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._next()  # it was our turn
            raise

    def _next(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return


def _of(records: Sequence[Record], owner: str, kind: str, ttl: float) -> tuple[list[str], float]:
    """The values of one kind that a name has, each once, and the least TTL."""
    values: list[str] = []
    for where, what, value, seconds in records:
        if what == kind and where == owner:
            ttl = min(ttl, seconds)
            values.append(value)
    return (values if len(values) < 2 else list(dict.fromkeys(values))), ttl


def _followed(records: Sequence[Record], owner: str, aliases: list[str], ttl: float) -> tuple[str, float]:
    """The name at the end of the CNAMEs among these records, and the least TTL on the way; those names are added to
    `aliases`. Raises Unanswered for a way that is too long, as a loop's is."""
    ways = {record.owner: record for record in records if record.kind == "CNAME"}
    while (alias := ways.get(owner)) is not None:
        owner, ttl = alias.value, min(ttl, alias.ttl)
        aliases.append(owner)
        if len(aliases) > MAX_ALIASES:
            raise Unanswered(f"more than {MAX_ALIASES} aliases")
    return owner, ttl


def _together(name: str, answers: Sequence[_Answer]) -> tuple[Addresses, float]:
    """What the answers for each version come to, and for how many seconds."""
    good = [answer for answer in answers if answer.values]
    if len(good) == 1:
        return Addresses(name, good[0].values, good[0].aliases), good[0].ttl
    if good:
        return Addresses(name, _by_turns([answer.values for answer in answers]), good[0].aliases), min(
            answer.ttl for answer in good
        )
    fault = _worst([answer.fault for answer in answers])
    return Addresses(name, (), answers[0].aliases, fault), min(answer.ttl for answer in answers)


def _by_turns(versions: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(value for value in chain.from_iterable(zip_longest(*versions)) if value is not None)


async def _joined(waiting: list[asyncio.Future[Addresses | None]]) -> Addresses | None:
    """What somebody else is finding; None where they were cancelled."""
    future: asyncio.Future[Addresses | None] = asyncio.get_running_loop().create_future()
    waiting.append(future)
    return await future


def _tell(waiting: list[asyncio.Future[Addresses | None]], found: Addresses | None) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(found)


def _worst(faults: Sequence[str]) -> str:
    """What to tell where one version failed for this reason and the other for that."""
    if "NXDOMAIN" in faults:
        return "NXDOMAIN"
    return next((fault for fault in faults if fault not in {"", "NODATA"}), "no address")
