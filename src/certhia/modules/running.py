"""One module at work in this process: set up, asked, let go. How its functions are run, a thread or not, is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel

from certhia.clock import Clock
from certhia.modules.api import Outside
from certhia.modules.batch import Entries, Shown, Visits
from certhia.modules.cache import Cache
from certhia.modules.finding import Drop, Finding, Name, Note, Result
from certhia.modules.plugged import Plugged, gathered
from certhia.scanner.content.extracting import Visit
from certhia.scanner.records import Found

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that is no coroutine."""


async def here(function: Callable[[], Any]) -> Any:
    """A `Run` that runs it at once."""
    return function()


class Running:
    """One module. `ttl`: how long results for a certificate are kept, where the module says that this will do."""

    def __init__(self, plugged: Plugged, *, clock: Clock, ttl: float = 0.0, run: Run = here) -> None:
        self.plugged = plugged
        self.cache = Cache(ttl, clock) if plugged.info.cached and ttl else None
        self._run = run

    async def setup(self, config: BaseModel, outside: Outside) -> None:
        """See `hooks.setup`."""
        await self._call("setup", config=config, outside=outside)

    async def reconfigure(self, config: BaseModel) -> None:
        """See `hooks.reconfigure`."""
        await self._call("reconfigure", config=config)
        if self.cache is not None:
            self.cache = self.cache.empty()

    async def process(self, batch: Shown) -> list[Result]:
        """What it finds in a batch. Raises whatever it raises, and TypeError for what is no result."""
        if isinstance(batch, Visits):
            return [one for number, visit in batch for one in await self._extracted(number, visit)]
        if self.cache is None or not isinstance(batch, Entries):
            return await self._results("process", batch=batch)
        left, keys, found = await self._run(lambda: self._known(batch))
        if len(left):
            results = await self._results("process", batch=left)
            self.cache.learn(keys, results)
            found += results
        return list[Result](found)

    @property
    def at_once(self) -> bool:
        """Whether a page can be looked at by `here`: nothing is to be awaited, and nothing kept."""
        return self.cache is None and not self.plugged.waits("process") and self.plugged.has("process")

    def here(self, entries: Entries) -> list[Result]:
        """What it finds in a page, in this thread. Raises as `process` does."""
        return _results("process", gathered(self.plugged.call("process", batch=entries)))

    async def _extracted(self, number: int, visit: Visit) -> list[Result]:
        """Names that `extract` finds in one visit: it may give texts, too, and what the scanner's own give."""
        found = await self._call("extract", results=True, context=visit)
        return [named(one, self.plugged.info.name, number) for one in found]

    async def flush(self) -> list[Result]:
        """What it held back."""
        return await self._results("flush")

    async def close(self) -> None:
        """Lets it go."""
        await self._call("close")

    def _known(self, batch: Entries) -> tuple[Entries, dict[int, bytes], list[Result]]:
        assert self.cache is not None
        return self.cache.known(batch)

    async def _results(self, hook: str, **given: object) -> list[Result]:
        return _results(hook, await self._call(hook, results=True, **given))

    async def _call(self, hook: str, *, results: bool = False, **given: object) -> Any:
        if self.plugged.waits(hook):
            found = self.plugged.call(hook, **given)
            if hasattr(found, "__aiter__"):
                return [one async for one in found]
            found = await found if found is not None else None
            return gathered(found) if results else found
        if not self.plugged.has(hook):
            return [] if results else None
        if results:
            return await self._run(lambda: gathered(self.plugged.call(hook, **given)))
        return await self._run(lambda: self.plugged.call(hook, **given))


def _results(hook: str, given: Sequence[object]) -> list[Result]:
    found = list[Result]()
    for one in given:
        if not isinstance(one, Finding | Name | Note | Drop):
            raise TypeError(f"{hook} gave {type(one).__name__}, which is no Finding, Name, Note or Drop")
        found.append(one)
    return found


def named(given: object, module: str, position: int) -> Name:
    """What `extract` gave, as a `Name`: of a text, a `Name` or the scanner's `Found`. Raises TypeError for others."""
    if isinstance(given, str):
        return Name(given, module, position=position)
    if isinstance(given, Name | Found):
        return Name(given.name, given.source, given.confidence, position)
    raise TypeError(f"extract gave {type(given).__name__}, which is no text, Name or Found")
