"""Asks authorities about certificates that matched, and again and again until they run out.

What is to be asked, and what was answered last, is in the state: a match is done with here once it is written there.
The asking goes on beside, in rounds: of each host of an authority a few certificates a round, so that none is kept from
its turn by ten thousand that name another. What is found is told before it is kept, so who is killed in between tells
it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from certhia._core import Certificate, build_info
from certhia.clock import Clock
from certhia.concerning import concerning
from certhia.config.modules.revocation import RevocationSection
from certhia.errors import ConfigError, Malformed
from certhia.modules.api import CERTIFICATES, NETWORK, STATE, Info, Outside, Sees
from certhia.modules.batch import Matches
from certhia.modules.builtin.aside import report
from certhia.modules.builtin.revocation.asking import Asking, host_of
from certhia.modules.builtin.revocation.changes import change
from certhia.modules.builtin.revocation.pacing import Paced
from certhia.modules.finding import Finding
from certhia.scanner.guard import Guard
from certhia.scanner.ocsp import Status
from certhia.store import State, revocations
from certhia.store.revocations import Due, Watch
from certhia.store.submissions import chains
from certhia.supervision import supervised

HOSTS: Final = 32  # that are asked in one round
OF_EACH: Final = 8  # certificates of each in a round
NAP: Final = 600.0  # seconds: so soon it is noticed that the wall clock was set
LAST: Final = 3.0  # seconds for what is due at the end of a run
SILENCE: Final = 600.0  # seconds between two words on certificates that there is no room for

MakeGuard = Callable[[RevocationSection, Clock], Guard]


def paced(settings: RevocationSection, clock: Clock) -> Guard:
    """As in earnest: nothing inside is asked, and no host more often than it should be."""
    from certhia.net import user_agent  # noqa: PLC0415  (aiohttp, for who asks)

    agent = user_agent(build_info["version"], None)
    return Paced(clock=clock, user_agent=agent, interval=1.0 / settings.per_host)


class Revocation:
    """The module. `guard` makes what fetches from addresses that certificates name."""

    info = Info(
        name="revocation",
        version="1",
        summary="Whether certificates were revoked, and when that changes",
        sees=Sees.MATCHES,
        config=RevocationSection,
        needs=(NETWORK, STATE, CERTIFICATES),
    )

    def __init__(self, guard: MakeGuard = paced) -> None:
        self._make_guard = guard
        self._task: asyncio.Task[None] | None = None

    async def setup(self, config: RevocationSection, outside: Outside) -> None:
        """Begins to ask. Raises ConfigError where there is no state to keep answers in."""
        if outside.state is None:
            raise ConfigError("module revocation keeps what it is to ask in the state, and there is none")
        self._outside = outside
        self._clock = outside.clock
        self._state: State = outside.state
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._gone = 0
        self._told_at = -SILENCE
        self._begin(config)

    async def reconfigure(self, config: RevocationSection) -> None:
        """What is under way is asked again by the new settings."""
        await self.close()
        self._begin(config)

    async def process(self, batch: Matches) -> list[Finding]:
        """Returns once all of them are written down to be asked about. Raises StateError."""
        assert self._task is not None
        if self._task.done():
            self._task.result()  # what it ended with
        now = self._clock.now()
        wanted = []
        for number, match in batch:
            host = _host(batch, number)
            if host is not None and match.not_after >= now:
                wanted.append(Watch(match.key, host, now))
        taken = await revocations.add(self._state.writer, wanted, self._settings.max_certificates)
        self._gone += taken.left
        if self._gone and self._clock.monotonic() - self._told_at >= SILENCE:
            most = self._settings.max_certificates
            text = f"{self._gone:,} certificates are not watched, as {most:,} are: give it `only`, or raise the bound"
            self._outside.tell(text, level="warning")
            self._gone, self._told_at = 0, self._clock.monotonic()
        if taken.new:
            self._idle.clear()
            self._more.set()
        return []

    async def flush(self) -> list[Finding]:
        """Waits a moment for what is due: what is left is asked about in the next run."""
        with suppress(TimeoutError):
            async with self._clock.deadline(LAST):
                await self._idle.wait()
        return []

    async def close(self) -> None:
        """Asks nobody any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            await self._asking.close()
            await self._guard.close()

    def _begin(self, config: RevocationSection) -> None:
        self._settings = config
        self._guard = self._make_guard(config, self._clock)
        self._asking = Asking(self._clock, self._guard, longest=config.every / 2)
        tell = lambda text: self._outside.tell(text, level="error")  # noqa: E731
        self._task = asyncio.get_running_loop().create_task(supervised(self._run, tell, self._clock))

    async def _run(self, _faults: int = 0) -> None:
        """Rounds, until cancelled. Raises StateError."""
        while True:
            self._more.clear()
            if hosts := await revocations.hosts(self._state, self._clock.now(), HOSTS):
                self._idle.clear()
                async with asyncio.TaskGroup() as group:
                    for host in hosts:
                        group.create_task(self._of_host(host))
                continue
            if not self._more.is_set():
                self._idle.set()
            at = await revocations.next_due(self._state)
            pause = NAP if at is None else min(NAP, max(0.0, at - self._clock.now()))
            with suppress(TimeoutError):
                async with self._clock.deadline(pause):
                    await self._more.wait()

    async def _of_host(self, host: str) -> None:
        """A few that name this host, one after the other."""
        for one in await revocations.due(self._state, host, self._clock.now(), OF_EACH):
            status = await self._status(one)
            found = change(one, status, self._settings, self._clock)
            if found.finding is not None:
                with concerning(one.match.key.hex()):
                    self._report(one, found.finding)
            await revocations.settle(self._state.writer, [(one, found.answer, found.due)])

    async def _status(self, one: Due) -> Status:
        ders = (await chains(self._state, [one.match.key])).get(one.match.key)
        if not ders:
            return Status("unavailable", detail="its certificate is not kept")
        return await self._asking.ask(ders[0], ders[1] if len(ders) > 1 else None)

    def _report(self, one: Due, finding: Finding) -> None:
        """Has it known, as findings are that come with a match."""
        log, index = one.match.log.url, one.match.sighting.index
        report(self._outside, self.info.name, finding, log=log, index=index, match=one.match.key.hex())


def _host(batch: Matches, number: int) -> str | None:
    """Whom to ask; None where the certificate says nobody, or is not kept."""
    try:
        certificate: Certificate | None = batch.certificate(number)
    except Malformed:
        return None
    return host_of(certificate) if certificate is not None else None
