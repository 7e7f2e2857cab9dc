"""`certhia.scan`: what servers show, result by result, as `certhia scan` finds them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import TypeAlias

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.config.settings import State
from certhia.events.bus import Bus
from certhia.library.handover import Handover
from certhia.library.inquiry import Inquiry
from certhia.library.reporting import Reporting
from certhia.library.running import Beside, logged
from certhia.model import Tell
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result
from certhia.store.place import Place, state_place

Take: TypeAlias = Callable[[Sequence[Result]], None]


async def scan(
    targets: str | Iterable[str] = (),
    options: ScanOptions | None = None,
    *,
    rules: str | Iterable[str] | Watchlist = (),
    state: str | Path | None = None,
    clock: Clock | None = None,
    tell: Tell | None = None,
    events: Bus | None = None,
) -> AsyncGenerator[Result, None]:
    """Asks servers, and yields a `Result` for each address and port, as they come.

        options = certhia.ScanOptions(ports="443,8443", timeout="5s")
        async for result in certhia.scan(["192.0.2.0/24", "www.example.com"], options):
            print(result.target.address, result.failure or [one.name for one in result.names])

    Order is that of answers. The pace is yours: nothing more is begun while a thousand results wait for you. Leaving
    the loop, or cancelling the task that is in it, ends all and closes every connection; use `contextlib.aclosing`
    where the moment matters.

    Args:
        targets: addresses, networks, ranges (`192.0.2.1-99`), hosts, URLs, each with a port or without; besides those
            of `options`.
        options: how they are asked; settings of the section `scan`. Files and the environment are not looked at.
        rules: watch rules that mark results (`result.hits`), or a `Watchlist`.
        state: a name or a directory (a text with a slash, or a Path) where what is found is kept as by `--keep`, for
            `certhia observations`; with `options.keep` alone it is the state of commands that are told of none. It is
            on the disk when the scan ends, and each time that 20,000 observations wait.
        clock: what tells the time instead of the machine.
        tell: gets what the command would print on standard error; the logger `certhia` unless given.
        events: who is told what happens, besides everyone who called `certhia.subscribe`.

    Raises:
        ConfigError: a target, a rule or an option makes no sense.
        StateError: what was found can't be kept.
    """
    chosen = options or ScanOptions()
    written = [targets] if isinstance(targets, str) else [*targets]
    if written:
        chosen = chosen.model_copy(update={"targets": (*chosen.targets, *written)})
    clock, tell = clock or Clock(), tell or logged
    waiting, bus = Handover[Result](), events or Bus(clock, tell)
    reporting = Reporting(bus, secrets.token_hex(16), [*chosen.targets, *chosen.targets_from], clock)

    def hand_on(results: Sequence[Result]) -> None:
        reporting.take(results)
        waiting.put(results)

    async with AsyncExitStack() as stack:
        take: Take = hand_on
        if state is not None or chosen.keep:
            take = await _keeping(stack, state, hand_on, bus, clock, tell)
        inquiry = Inquiry(chosen, watchlist_of(rules), take, lambda: waiting.full, clock, tell)
        reporting.total = lambda: inquiry.total
        async with Beside(_reported(inquiry, reporting), waiting.finish):
            try:
                while (result := await waiting.take()) is not None:
                    yield result
            finally:
                inquiry.stop()


async def _reported(inquiry: Inquiry, reporting: Reporting) -> None:
    async with reporting.running(lambda: inquiry.stopped):
        await inquiry.run()


async def _keeping(
    stack: AsyncExitStack, state: str | Path | None, take: Take, bus: Bus, clock: Clock, tell: Tell
) -> Take:
    """Keeps what results show before they are taken, and what happens; all is written, and closed, with `stack`."""
    from certhia.library.keeping import Keeping  # noqa: PLC0415  (only who keeps something pays for the store)
    from certhia.library.storing import stored  # noqa: PLC0415
    from certhia.store.observations import Observations  # noqa: PLC0415

    place = _place(state)
    keeping = stack.enter_context(closing(Keeping(Observations(place.directory))))
    stack.callback(keeping.flush)
    await stack.enter_async_context(stored(bus, place, State().max_events, clock, tell, made=True))

    def kept(results: Sequence[Result]) -> None:
        keeping.take(results)
        take(results)

    return kept


def _place(state: str | Path | None) -> Place:
    return Place(state.absolute()) if isinstance(state, Path) else state_place(state)


def watchlist_of(rules: str | Iterable[str] | Watchlist) -> Watchlist | None:
    """Rules as one gives them; None for none. Raises ConfigError."""
    if isinstance(rules, Watchlist):
        return rules
    texts = [rules] if isinstance(rules, str) else [*rules]
    return Watchlist(*texts) if texts else None
