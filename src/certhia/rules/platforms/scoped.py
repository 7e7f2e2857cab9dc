"""One platform of the settings over time: what is watched of it, when it is asked again, and what keeps it from us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

from certhia.clock import Clock
from certhia.config.platforms import PlatformSection
from certhia.errors import CerthiaError, RemoteError, Throttled
from certhia.net import Transport
from certhia.rules.language import Rule
from certhia.rules.platforms import kept as keeping
from certhia.rules.platforms.asking import Ask
from certhia.rules.platforms.client import Denied
from certhia.rules.platforms.kept import Kept
from certhia.rules.platforms.records import Scope
from certhia.rules.platforms.scopes import called, rules_of
from certhia.rules.platforms.syncing import Synced, sync
from certhia.rules.suffixes import in_use
from certhia.store.state import State

FIRST: Final = 60.0  # seconds after a failure; doubled with each further one, up to the interval
SPREAD: Final = 0.1  # of the interval, either way


class Scoped:
    """One table of the settings.

    Attributes:
        kept: what is watched.
        due: when it is to be asked next, on the clock's monotonic seconds.
        failures: in a row.
        trouble: why it could not be asked last; empty where it could.
    """

    def __init__(self, name: str, settings: PlatformSection, most: int, interval: float, clock: Clock) -> None:
        """`most`: programmes. `interval`: seconds."""
        self.name = name
        self.settings = settings
        self.kept = Kept()
        self.due = clock.monotonic()
        self.failures = 0
        self.trouble = ""
        self._most = settings.max_programs or most
        self._interval = interval
        self._clock = clock
        self._had: dict[str, tuple[Scope, list[str]]] = {}  # of a try that was cut short: the next goes on from there
        self._begun = clock.monotonic()  # when that was

    @property
    def kind(self) -> str:
        """The type of platform."""
        return str(getattr(self.settings, "type", ""))

    def rules(self) -> list[Rule]:
        """Those of its scopes."""
        return list(rules_of(self.name, self.kept.scopes.values()))

    def owners(self, handles: Collection[str]) -> list[tuple[str, str]]:
        """Programme and platform of these, as their rules name them, where they have any."""
        scopes = called(self.kept.scopes.values())
        found = {
            (name, scope.platform or self.name): None
            for scope, name in scopes
            if scope.handle in handles and scope.rules
        }
        return sorted(found)

    async def recall(self, state: State) -> None:
        """What an earlier run, or a command, kept."""
        text = await state.recall(keeping.NAME + self.name)
        found: Kept | None = await asyncio.to_thread(keeping.read, text)
        self.kept = found if found is not None else Kept()

    async def sync(self, transport: Transport, shows: Callable[[str], None] = lambda _: None) -> Synced:
        """Asks it now; what comes of it is to be given to `take`. Raises CerthiaError: then what was known stays, and
        `trouble` says why."""
        try:
            return await sync(self.kind, self.kept, self.settings, self.ask(transport, shows))
        except CerthiaError as error:
            self._failed(error)
            raise
        except Exception as error:  # of a platform of another package, or a fault of ours: the others go on
            wrong = RemoteError(f"it could not be read, please report it: {type(error).__name__}: {error}")
            self._failed(wrong)
            raise wrong from error

    def take(self, synced: Synced) -> None:
        """Watches that."""
        self.failures, self.trouble = 0, ""
        if synced.wait is None:
            self.due = self._clock.monotonic() + self._clock.jitter(self._interval, SPREAD)
        else:
            self.due = self._clock.monotonic() + self._later(FIRST, synced.wait)
        self.kept = synced.kept

    def ask(self, transport: Transport, shows: Callable[[str], None] = lambda _: None, *, listing: bool = False) -> Ask:
        """What to ask it with."""
        now = self._clock.monotonic()
        if not self._had or now - self._begun > self._interval:
            self._had.clear()
            self._begun = now
        return Ask(
            transport,
            self._clock,
            self._most,
            known=self.kept.scopes,
            had=self._had,
            subdomains=self.settings.subdomains,
            timeout=self.settings.timeout,
            suffixes=in_use().suffixes,
            listing=listing,
            shows=shows,
        )

    async def keep(self, state: State) -> None:
        """Has the state keep it. Raises StateError."""
        await state.remember(keeping.NAME + self.name, await asyncio.to_thread(keeping.write, self.kept))

    def _failed(self, error: CerthiaError) -> None:
        self.failures += 1
        self.trouble = str(error)
        pause = min(FIRST * 2.0 ** (self.failures - 1), self._interval)
        if isinstance(error, Denied):  # asking again makes it no better
            pause = self._interval
        self.due = self._clock.monotonic() + self._later(pause, error)

    def _later(self, pause: float, error: CerthiaError) -> float:
        """A pause, a little shorter or longer; never shorter than the platform asked for, seconds."""
        wait = error.retry_after if isinstance(error, Throttled) and error.retry_after is not None else 0.0
        return max(self._clock.jitter(max(pause, wait), SPREAD), wait)
