"""Finds names that look like one's own, and says what is behind them.

The rules are made of the domains that are watched, and run in the core. What they find is looked behind on the event
loop, a few names at a time, and told when that is done; the page is not kept waiting.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from certhia._core import Certificate, registrable_domain
from certhia.config.modules.typosquat import TyposquatSection
from certhia.dedupe import Seen
from certhia.errors import ConfigError
from certhia.model import RuleHit
from certhia.modules.api import NETWORK, Info, Outside, Sees
from certhia.modules.batch import Entries
from certhia.modules.builtin.aside import report
from certhia.modules.builtin.matching import Matched, Matching, compiled
from certhia.modules.builtin.typosquat.context import Context, Looking
from certhia.modules.finding import JSON, Finding, Severity
from certhia.rules.explain import sentence
from certhia.rules.watchlist import Watchlist
from certhia.scanner.dns import Resolver
from certhia.scanner.nameservers import Nameservers, read_servers
from certhia.supervision import supervised

AT_ONCE: Final = 8  # names that are looked behind
REMEMBERED: Final = 50_000  # names that were told
LAST: Final = 3.0  # seconds for names that wait when a run ends
TOO_MANY: Final = "too many names wait"
ENDED: Final = "the run ended"
BROKE: Final = "something of ours broke"
GRAVE: Final = 75  # a score; with mail or TLS behind it, it is a severe finding


class Suspect(NamedTuple):
    """A name that looks like a watched one.

    Attributes:
        hit: the rule that found it.
        name: as it can be looked up.
        certificate: that it is in.
        log: URL of the log.
        entry: its index in that log.
    """

    hit: RuleHit
    name: str
    certificate: Certificate
    log: str
    entry: int


class Typosquat:
    """The module."""

    info = Info(
        "typosquat",
        "1",
        "Names that look like one's own, and whether there is anything behind them",
        Sees.ENTRIES,
        config=TyposquatSection,
        needs=(NETWORK,),
    )

    @property
    def rules(self) -> Watchlist:
        """By which it is handed pages."""
        return self._matching.rules

    async def setup(self, config: TyposquatSection, outside: Outside) -> None:
        """Raises ConfigError."""
        self._outside = outside
        self._loop = asyncio.get_running_loop()
        self._matching = Matching(rules_of(config), outside.clock)
        self._told = Seen(REMEMBERED, config.again, outside.clock)
        self._waiting: deque[Suspect] = deque()
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._busy = 0
        self._tasks: list[asyncio.Future[None]] = []
        self._servers: Nameservers | None = None
        self.looking: Looking | None = None
        await self.reconfigure(config)

    async def reconfigure(self, config: TyposquatSection) -> None:
        """What was told stays so. Raises ConfigError."""
        rules = rules_of(config)
        servers = Nameservers(read_servers(",".join(config.resolver)) if config.resolver else ())
        await self._stop()
        self._config, self._turn = config, -math.inf
        self._matching.adopt(rules)
        self._told.resize(REMEMBERED, config.again)
        self._servers, self.looking = servers, None
        if config.context and self._outside.transport is not None:
            clock = self._outside.clock
            resolver = Resolver(servers.ask, every=True, clock=clock)
            port = config.port if config.serves else None
            self.looking = Looking(resolver, clock, port=port, patience=config.patience)
            works = (supervised(self._work, self._outside.tell, clock) for _ in range(AT_ONCE))
            self._tasks = [asyncio.ensure_future(work) for work in works]  # noqa: TID251  (cancelled and awaited in _stop)

    def process(self, batch: Entries) -> Iterator[Finding]:
        """Findings on names that nothing is looked up about; on the others they come later."""
        for one in self._matching.of(batch):
            for hit in _best(one):
                suspect = _suspect(batch, one, hit)
                if not self._told.add(f"{hit.rule} {registrable_domain(suspect.name) or suspect.name}".encode()):
                    continue
                if self.looking is None:
                    yield found(suspect, None, one.position)
                elif len(self._waiting) >= self._config.max_waiting:
                    yield found(suspect, Context(fault=TOO_MANY, why=TOO_MANY), one.position)
                else:
                    self._waiting.append(suspect)
                    self._loop.call_soon_threadsafe(self._wake)

    async def flush(self) -> list[Finding]:
        """Waits a moment for what is being looked up, then tells the rest without."""
        if self._waiting and self._tasks:
            self._wake()  # what a thread left on its way is here now
        with suppress(TimeoutError):
            async with self._outside.clock.deadline(LAST):
                await self._idle.wait()
        left = [found(suspect, Context(fault=ENDED, why=ENDED), None) for suspect in self._waiting]
        self._waiting.clear()
        return left

    async def close(self) -> None:
        """Asks nobody any more."""
        await self._stop()

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        self._busy = 0
        if self._servers is not None:
            await self._servers.close()
            self._servers = None

    def _wake(self) -> None:
        self._idle.clear()
        self._more.set()

    async def _work(self, _faults: int) -> None:
        """Looks behind what waits, until cancelled."""
        while True:
            if not self._waiting:
                if not self._busy:
                    self._idle.set()
                self._more.clear()
                await self._more.wait()
                continue
            suspect = self._waiting.popleft()
            self._busy += 1
            try:
                await self._wait()
                assert self.looking is not None
                context = await self.looking.behind(suspect.name, suspect.certificate)
            except asyncio.CancelledError:
                self._waiting.appendleft(suspect)  # for whoever is next, or for the end
                raise
            except Exception:
                self._report(suspect, Context(fault=BROKE, why=BROKE))
                raise
            finally:
                self._busy -= 1
            self._report(suspect, context)

    async def _wait(self) -> None:
        """Until it is a name's turn; so many at once may go first."""
        gap, now = 60 / self._config.per_minute, self._outside.clock.monotonic()
        self._turn = max(self._turn + gap, now - (AT_ONCE - 1) * gap)
        if self._turn > now:
            await self._outside.clock.sleep(self._turn - now)

    def _report(self, suspect: Suspect, context: Context) -> None:
        one = found(suspect, context, None)
        key = suspect.certificate.tbs_sha256.hex()
        report(self._outside, self.info.name, one, log=suspect.log, index=suspect.entry, correlation=key)


def rules_of(config: TyposquatSection) -> Watchlist:
    """The rules: look-alikes of each domain, but for one's own. Raises ConfigError."""
    if not config.domains:
        raise ConfigError('modules.typosquat.domains: there is nothing to watch; write domains = ["example.com"]')
    options = ",".join((*config.tricks, f"score={config.score}"))
    own = dict.fromkeys((*config.domains, *config.ours))
    return compiled("typosquat", [*(f"typo:{one},{options}" for one in config.domains), *(f"!{one}" for one in own)])


def found(suspect: Suspect, context: Context | None, position: int | None) -> Finding:
    """What is told of a name."""
    hit, certificate = suspect.hit, suspect.certificate
    text = sentence(hit)
    data: dict[str, JSON] = {
        "domain": registrable_domain(suspect.name) or suspect.name,
        "rule": hit.rule,
        "trick": hit.detail,
        "score": hit.score,
        "issuer": certificate.issuer,
        "not_before": certificate.not_before,
        "tbs_sha256": certificate.tbs_sha256.hex(),
    }
    if context is not None:
        looked = context.addresses or context.fault not in (TOO_MANY, ENDED, BROKE)
        text += f"; {context.text()}" if looked else f"; not looked behind, {context.fault}"
        data["context"] = context.data()
    return Finding("lookalike", text, _severity(hit.score, context), position, (suspect.hit.name,), data)


def _severity(score: int, context: Context | None) -> Severity:
    if context is not None and context.addresses:
        alive = bool(context.mail) or context.serves not in ("", "nothing")
        return "high" if alive and score >= GRAVE else "medium"
    return "medium" if context is None and score >= GRAVE else "low"


def _best(one: Matched) -> Sequence[RuleHit]:
    """Of each registrable domain and rule the hit with the highest score."""
    best: dict[tuple[str, str], RuleHit] = {}
    for hit in one.hits:
        key = hit.rule, registrable_domain(hit.name.removeprefix("*.")) or hit.name
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    return list(best.values())


def _suspect(batch: Entries, one: Matched, hit: RuleHit) -> Suspect:
    return Suspect(hit, hit.name.removeprefix("*.").rstrip("."), one.certificate, batch.log.url, one.entry.index)
