"""Tells of certificates of watched names that run out with no successor seen, and when one came."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from certhia.clock import iso
from certhia.config.modules.expiry import DAY, ExpirySection
from certhia.modules.api import STATE, Info, Outside, Sees
from certhia.modules.batch import Matches
from certhia.modules.builtin.aside import report
from certhia.modules.builtin.expiry.ledger import KEPT, OVER, Due, Held, Ledger, Told
from certhia.modules.builtin.expiry.memory import Memory
from certhia.modules.builtin.validity import days
from certhia.modules.finding import JSON, Finding, Severity
from certhia.supervision import supervised

AT_ONCE: Final = 200  # stored matches that are read at once
NAMES: Final = 100  # of a finding


class Expiry:
    """The module."""

    info = Info(
        "expiry",
        "1",
        "Certificates of watched names that run out, with no successor seen",
        Sees.MATCHES,
        config=ExpirySection,
        needs=(STATE,),
    )

    async def setup(self, config: ExpirySection, outside: Outside) -> None:
        """Learns from what is stored."""
        self._outside = outside
        self._config = config
        self._memory = Memory(outside.directory / "told.json", outside.tell)
        self.ledger = Ledger()
        self._task: asyncio.Future[None] | None = None
        await self._learn(config.history)
        self._start()

    async def reconfigure(self, config: ExpirySection) -> None:
        """What is known and told stays."""
        await self.close()
        self._config = config
        self._start()

    async def process(self, batch: Matches) -> list[Finding]:
        """Findings on successors of what was told to run out."""
        now = self._outside.clock.monotonic()
        for _, match in batch:
            self.ledger.add(match, now)
        numbers = {match.key.hex(): number for number, match in batch}
        found = [finding for _, finding in self._renewed(numbers)]
        if found:
            self._save()
        return found

    async def close(self) -> None:
        """Looks no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def look(self) -> None:
        """Tells what is to be told now."""
        clock, memory = self._outside.clock, self._memory
        now = clock.now()
        renewed = list(self._renewed({}))
        for held, finding in renewed:
            self._report(held, finding)
        found = self.ledger.due(now, clock.monotonic() - self._config.settle, self._config.before, memory.told)
        for due in found:
            self._report(due.held, self._runs_out(due, now))
            memory.told.update(dict.fromkeys(due.names, Told(due.held.not_after, due.before)))
        self.ledger.forget(now)
        if renewed or found:
            self._save()

    def _start(self) -> None:
        work = supervised(self._work, self._outside.tell, self._outside.clock)
        self._task = asyncio.ensure_future(work)  # noqa: TID251  (cancelled and awaited in close)

    async def _work(self, _faults: int) -> None:
        """Looks once in a while, until cancelled."""
        await self._outside.clock.sleep(self._config.settle)
        while True:
            self.look()
            await self._outside.clock.sleep(self._config.every)

    async def _learn(self, most: int) -> None:
        """From the newest matches that are stored, a few at a time."""
        state, now = self._outside.state, self._outside.clock.monotonic()
        before: int | None = None
        while state is not None and most > 0:
            rows = await state.matches(limit=min(most, AT_ONCE), before=before)
            for row in rows:
                self.ledger.add(row.match, now)
            if len(rows) < AT_ONCE:
                return
            before = rows[-1].id
            most -= len(rows)

    def _renewed(self, numbers: dict[str, int]) -> Iterator[tuple[Held, Finding]]:
        """One finding a successor; nothing more is told of the names' certificates before. `numbers`: of matches in the
        batch at hand, by their ids."""
        groups: dict[Held, list[str]] = {}
        for name, held in self.ledger.renewed(self._memory.told):
            groups.setdefault(held, []).append(name)
        for held, names in groups.items():
            text = f"{_listed(names)}: a successor was seen, of {held.issuer}, until {_day(held.not_after)}"
            for name in names:
                del self._memory.told[name]
            number, data = numbers.get(held.key), _data(held, len(names))
            yield held, Finding("renewed", text, "info", number, tuple(names[:NAMES]), data)

    def _runs_out(self, due: Due, now: float) -> Finding:
        held, names = due.held, due.names
        if due.before == OVER:
            text = f"{_listed(names)}: the certificate of {held.issuer} ran out on {_day(held.not_after)}; "
            kind, severity = "expired", _severity(OVER)
        else:
            left = days(held.not_after - now)
            text = f"{_listed(names)}: the certificate of {held.issuer} runs out in {left}, on {_day(held.not_after)}; "
            kind, severity = "expires", _severity(due.before)
        data = _data(held, len(names)) | {"before": due.before}
        return Finding(kind, f"{text}no successor was seen", severity, None, names[:NAMES], data)

    def _report(self, held: Held, found: Finding) -> None:
        report(self._outside, self.info.name, found, log=held.log, index=held.entry, match=held.key)

    def _save(self) -> None:
        self._memory.save(self._outside.clock.now(), KEPT)


def _severity(before: float) -> Severity:
    if before <= DAY:
        return "high"
    return "medium" if before <= 7 * DAY else "low"


def _data(held: Held, names: int) -> dict[str, JSON]:
    return {"match": held.key, "issuer": held.issuer, "not_after": held.not_after, "names": names}


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return names[0] + (f" and {len(names) - 1:,} more" if len(names) > 1 else "")


def _day(seconds: int) -> str:
    return iso(seconds)[:10]
