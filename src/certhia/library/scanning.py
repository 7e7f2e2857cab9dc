"""`certhia.scan`: what servers show, result by result, as `certhia scan` finds them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeAlias

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.library.handover import Handover
from certhia.library.inquiry import Inquiry
from certhia.library.running import Beside, logged
from certhia.model import Tell
from certhia.rules.watchlist import Watchlist
from certhia.scanner.records import Result

Take: TypeAlias = Callable[[Sequence[Result]], None]


async def scan(
    targets: str | Iterable[str] = (),
    options: ScanOptions | None = None,
    *,
    rules: str | Iterable[str] | Watchlist = (),
    state: str | Path | None = None,
    clock: Clock | None = None,
    tell: Tell | None = None,
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

    Raises:
        ConfigError: a target, a rule or an option makes no sense.
        StateError: what was found can't be kept.
    """
    chosen = options or ScanOptions()
    written = [targets] if isinstance(targets, str) else [*targets]
    if written:
        chosen = chosen.model_copy(update={"targets": (*chosen.targets, *written)})
    clock, tell = clock or Clock(), tell or logged
    waiting = Handover[Result]()
    with ExitStack() as stack:
        take: Take = waiting.put
        if state is not None or chosen.keep:
            take = _keeping(stack, state, waiting.put)
        inquiry = Inquiry(chosen, watchlist_of(rules), take, lambda: waiting.full, clock, tell)
        async with Beside(inquiry.run(), waiting.finish):
            try:
                while (result := await waiting.take()) is not None:
                    yield result
            finally:
                inquiry.stop()


def _keeping(stack: ExitStack, state: str | Path | None, take: Take) -> Take:
    """Keeps what results show before they are taken; all is written, and the file closed, with `stack`."""
    from certhia.library.keeping import Keeping  # noqa: PLC0415  (only who keeps something pays for the store)
    from certhia.store.observations import Observations  # noqa: PLC0415
    from certhia.store.place import state_place  # noqa: PLC0415

    directory = state.absolute() if isinstance(state, Path) else state_place(state).directory
    keeping = stack.enter_context(closing(Keeping(Observations(directory))))
    stack.callback(keeping.flush)

    def kept(results: Sequence[Result]) -> None:
        keeping.take(results)
        take(results)

    return kept


def watchlist_of(rules: str | Iterable[str] | Watchlist) -> Watchlist | None:
    """Rules as one gives them; None for none. Raises ConfigError."""
    if isinstance(rules, Watchlist):
        return rules
    texts = [rules] if isinstance(rules, str) else [*rules]
    return Watchlist(*texts) if texts else None
