"""A worker process with the modules in it. When one of them costs the process, the others begin again in the next."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from certhia.clock import Clock
from certhia.concerning import concerning
from certhia.errors import ConfigError, Malformed
from certhia.events.naming import check_own
from certhia.model import Tell
from certhia.modules.api import Info, Nothing, Sees
from certhia.modules.batch import Entries, Matches, Shared, Shown, Visits
from certhia.modules.configured import Spec
from certhia.modules.failing import Failed, Fault
from certhia.modules.process import Child, Lost
from certhia.modules.reporting import Publish
from certhia.modules.runner import Done
from certhia.modules.wire import check_data, decoded, log_name, match_row, visit_row

LOADING: Final = 25.0  # seconds that importing a module and setting it up may take: less than a reload waits
CLOSING: Final = 2.0
MB: Final = 10**6
OURS: Final = "ConfigError: "  # what a worker says where the settings are to blame, not the module

T = TypeVar("T")


class Crew:
    """The modules of one process.

    Args:
        role: what it is for: "entries", "matches" or "inline".
        memory: bytes that it may take.
        publish: has events known, type and data.
    """

    def __init__(self, role: str, memory: int, clock: Clock, tell: Tell, publish: Publish) -> None:
        self.memory = memory
        self._role = role
        self._clock = clock
        self._tell = tell
        self._publish = publish
        self._child = Child(memory, clock, tell, self._stopped)
        self._lock = asyncio.Lock()  # one question at a time
        self._life = 0  # of the process that runs
        self._page: Shared | None = None  # that it has
        self._grown = Counter[str]()  # bytes that it grew by in calls of each module
        self._blamed = dict[str, str]()  # modules whose memory cost the process in another one's call, and what is said
        self._calls = set[asyncio.Task[Any]]()  # those that go on
        self._count = 0
        self._beginning: dict[str, asyncio.Task[None]] = {}  # modules that are loaded anew

    async def load(self, spec: Spec) -> Member:
        """Has a module loaded and set up. Raises ConfigError where that can't be done."""
        self._count += 1
        member = Member(f"{spec.place.name}@{self._count}", spec, self)
        try:
            async with self._lock:
                await self._ready(member)
        except Failed as error:
            text = str(error)
            if text.startswith(OURS):  # it says where, and what to do
                raise ConfigError(text.removeprefix(OURS)) from error
            raise ConfigError(f"module {spec.place.name}: {text}") from error
        return member

    async def call(self, member: Member, ask: Mapping[str, object], blobs: Sequence[bytes], deadline: float) -> Any:
        """One answer. Raises Failed."""
        await self._begun(member)
        return await self._whole(self._called(member, ask, blobs, deadline))

    async def process(self, member: Member, batch: Shown, deadline: float) -> Done:
        """What a module finds in a batch."""
        await self._begun(member)
        return await self._whole(self._processed(member, batch, deadline))

    async def _whole(self, call: Coroutine[Any, Any, T]) -> T:
        """What a call gives. Where whoever asked gives up it goes on, until its deadline at the latest: to cut it short
        would cost the process, and all modules what they hold."""
        task = asyncio.get_running_loop().create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever asked, where somebody still does

    async def _called(
        self, member: Member, ask: Mapping[str, object], blobs: Sequence[bytes], deadline: float
    ) -> dict[str, Any]:
        async with self._lock:
            await self._ready(member)
            return await self._asked(member, ask, blobs, deadline)

    async def _processed(self, member: Member, batch: Shown, deadline: float) -> Done:
        async with self._lock:
            if said := self._blamed.pop(member.id, ""):
                raise Failed(Fault.GREW, said)
            await self._ready(member)
            if isinstance(batch, Matches):
                answer = await self._asked(member, *_matches(batch), deadline)
            elif isinstance(batch, Visits):
                answer = await self._asked(member, *_visits(batch), deadline)
            else:
                known = self._page is batch.shared
                blobs = () if known else (await asyncio.to_thread(batch.page.dump),)
                self._page = None  # where the call fails, it may not have it
                answer = await self._asked(member, self._entries(batch), blobs, deadline)
                self._page = batch.shared if self._child.runs else None
            return _done(answer)

    async def forget(self, member: Member) -> None:
        """Lets a module go, where its process still runs: soon, or once the call that goes on there is over."""
        with suppress(TimeoutError):
            async with self._clock.deadline(CLOSING):
                await self._whole(self._forgotten(member))

    async def _forgotten(self, member: Member) -> None:
        async with self._lock:
            self._blamed.pop(member.id, None)
            if self._child.runs and member.life == self._life:
                try:
                    await self._child.ask({"do": "close", "id": member.id}, (), CLOSING)
                except Lost:
                    return  # with its process

    async def close(self) -> None:
        """Ends the process; a call that goes on has a moment to end. Idempotent."""
        with suppress(TimeoutError):
            async with self._clock.deadline(CLOSING):
                while self._calls:
                    await asyncio.wait([*self._calls])
        going_on = [*self._calls, *self._beginning.values()]
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        self._beginning.clear()
        async with self._lock:
            await self._child.close()
            self._life = 0

    def _stopped(self, pid: int, why: str) -> None:
        with concerning(""):
            self._publish("worker.stopped", {"worker": self._role, "pid": pid, "why": why})

    def _entries(self, batch: Entries) -> dict[str, object]:
        whole = isinstance(batch.positions, range) and len(batch.positions) == len(batch.page)
        return {
            "do": "entries",
            "page": self._life,
            "log": log_name(batch.log),
            "positions": None if whole else [*batch.positions],
        }

    def begins(self, member: Member) -> bool:
        """Whether a module is just being loaded anew."""
        return member.id in self._beginning and not self._beginning[member.id].done()

    async def _begun(self, member: Member) -> None:
        """As `_ready`, but goes on where who waits for it gives up: else what loads slowly would never be loaded."""
        if self._child.runs and member.life == self._life:
            return
        task = self._beginning.get(member.id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._begin(member), name=f"loading {member.id}")
            self._beginning[member.id] = task
        try:
            await asyncio.shield(task)
        finally:
            if task.done():
                self._beginning.pop(member.id, None)

    async def _begin(self, member: Member) -> None:
        async with self._lock:
            await self._ready(member)
        self._beginning.pop(member.id, None)  # one that failed stays for whoever asks next

    async def _ready(self, member: Member) -> None:
        """Sees to it that there is a process, and the module in it."""
        if not self._child.runs:
            await self._child.start()
            with concerning(""):  # whatever is at work: it is about no certificate
                self._publish("worker.started", {"worker": self._role, "pid": self._child.pid})
            self._life += 1
            self._page = None
            self._grown.clear()
        if member.life != self._life:
            ask = {"do": "load", "id": member.id, "spec": member.spec.tell()}
            answer = await self._asked(member, ask, (), LOADING)
            member.learn(answer.get("ok"))
            member.life = self._life

    async def _asked(
        self, member: Member, ask: Mapping[str, object], blobs: Sequence[bytes], deadline: float
    ) -> dict[str, Any]:
        try:
            answer = await self._child.ask({**ask, "id": member.id}, blobs, deadline)
        except Lost:
            self._page = None
            raise
        self._pass_on(member, answer)
        self._grown[member.id] += int(answer["grown"])
        if self._child.resident > self.memory:
            await self._outgrown(member)
        if (error := answer.get("error")) is not None:
            if (trace := answer.get("trace")) and not str(error).startswith(OURS):
                self._tell(f"module {member.spec.place.name}: {trace}", level="debug")
            raise Failed(Fault.RAISED, str(error))
        return answer

    async def _outgrown(self, member: Member) -> None:
        """The process has become too large: it ends, and the one that grew most is to blame: now, or when it is called
        next. What another one answered meanwhile counts."""
        worst, grown = self._grown.most_common(1)[0]
        size = self._child.resident
        await self._child.kill(f"took {size // MB} MB, more than modules.memory allows")
        self._page = None
        text = f"took {grown // MB} MB of its worker's {size // MB} MB, more than modules.memory allows"
        if worst == member.id:
            raise Failed(Fault.GREW, text)
        self._tell(f"modules: the worker took {size // MB} MB and is started again; {worst.partition('@')[0]} {text}")
        self._blamed[worst] = text

    def _pass_on(self, member: Member, answer: Mapping[str, Any]) -> None:
        """What a module said and published."""
        name = member.spec.place.name
        try:
            for text, level, log in answer.get("said", ()):
                self._tell(f"module {name}: {text}", level=level, log=log)
            for type_, data, correlation in answer.get("events", ()):
                check_own(type_, correlation)  # the worker has looked, and modules can reach into it
                check_data(data)
                self._publish(type_, {**data}, correlation=correlation)
        except (TypeError, ValueError, KeyError):
            self._tell(f"module {name}: said something that makes no sense", level="debug")


class Member:
    """One module in a worker process. See `Runner`."""

    def __init__(self, id: str, spec: Spec, crew: Crew) -> None:  # noqa: A002
        self.id = id
        self.spec = spec
        self.crew = crew
        self.life = 0  # of the process that it was loaded in
        self.info = Info(spec.place.name, "?", "", Sees.ENTRIES)
        self.has: frozenset[str] = frozenset()
        self.keys: dict[str, str] = {}

    def learn(self, told: Any) -> None:
        """What it says of itself."""
        try:
            self.has = frozenset(map(str, told["has"]))
            self.keys = {str(key): str(text) for key, text in told["keys"].items()}
            self.info = Info(
                str(told["name"]),
                str(told["version"]),
                str(told["summary"]),
                Sees(told["sees"]),
                Nothing,
                tuple(map(str, told["needs"])),
                bool(told["inline"]),
                bool(told["cached"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Failed(Fault.RAISED, "says of itself what makes no sense") from error

    @property
    def begins(self) -> bool:
        """See `Runner`."""
        return self.crew.begins(self)

    async def process(self, batch: Shown, deadline: float) -> Done:
        """See `Runner`."""
        return await self.crew.process(self, batch, deadline)

    async def reconfigure(self, spec: Spec) -> None:
        """See `Runner`."""
        try:
            await self.crew.call(self, {"do": "reconfigure", "spec": spec.tell()}, (), LOADING)
        except Failed as error:
            if str(error).startswith(OURS):
                raise ConfigError(str(error).removeprefix(OURS)) from error
            raise
        self.spec = replace(spec, look=False)

    async def flush(self, deadline: float) -> Done:
        """See `Runner`."""
        answer = await self.crew.call(self, {"do": "flush"}, (), deadline)
        return _done(answer)

    async def close(self) -> None:
        """See `Runner`."""
        await self.crew.forget(self)


def _done(answer: Mapping[str, Any]) -> Done:
    try:
        return Done(decoded(answer.get("ok")), float(answer["seconds"]))
    except Malformed as error:
        raise Failed(Fault.RAISED, f"gave what is no result: {error.__cause__ or error}") from error


def _matches(batch: Matches) -> tuple[dict[str, object], list[bytes]]:
    blobs: list[bytes] = []
    kept: list[list[int | None]] = []
    for match in batch.matches:
        pair: list[int | None] = []
        for der in (batch.der(match), batch.issuer_der(match)):
            pair.append(None if der is None else len(blobs))
            if der is not None:
                blobs.append(der)
        kept.append(pair)
    return {"do": "matches", "matches": [match_row(match) for match in batch.matches], "kept": kept}, blobs


def _visits(batch: Visits) -> tuple[dict[str, object], list[bytes]]:
    blobs: list[bytes] = []
    return {"do": "visits", "visits": [visit_row(visit, blobs) for _, visit in batch]}, blobs
