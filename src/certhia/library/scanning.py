"""`certhia.scan`: what servers show, result by result, as `certhia scan` finds them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence

from certhia.clock import Clock
from certhia.config.scanning import Scan
from certhia.library.asking import Asking
from certhia.library.examining import examiner_of, guard_of
from certhia.library.handover import Handover
from certhia.library.judging import Judging
from certhia.library.running import Beside, logged
from certhia.model import Tell
from certhia.rules.watchlist import Watchlist
from certhia.scanner.engine import DONE
from certhia.scanner.records import Result, Target


async def scan(
    targets: str | Iterable[str] = (),
    options: Scan | None = None,
    *,
    rules: str | Iterable[str] | Watchlist = (),
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
        clock: what tells the time instead of the machine.
        tell: gets what the command would print on standard error; the logger `certhia` unless given.

    Raises:
        ConfigError: a target, a rule or an option makes no sense.
    """
    chosen = options or Scan()
    written = [targets] if isinstance(targets, str) else [*targets]
    if written:
        chosen = chosen.model_copy(update={"targets": (*chosen.targets, *written)})
    clock, tell = clock or Clock(), tell or logged
    waiting = Handover[Result]()
    inquiry = Inquiry(chosen, watchlist_of(rules), waiting.put, lambda: waiting.full, clock, tell)
    async with Beside(inquiry.run(), waiting.finish):
        try:
            while (result := await waiting.take()) is not None:
                yield result
        finally:
            inquiry.stop()


class Inquiry:
    """A scan by its settings, for commands and programs.

    Attributes:
        total: how many targets there are; None where that is not known (yet).
    """

    def __init__(
        self,
        options: Scan,
        rules: Watchlist | None,
        take: Callable[[Sequence[Result]], None],
        hold: Callable[[], bool],
        clock: Clock,
        tell: Tell,
    ) -> None:
        """`take` and `hold`: see `Asking`. Raises ConfigError."""
        self._supply = _Supply(options)
        self._guard = guard_of(options, clock)
        judging = Judging(examiner_of(options, self._guard, clock), rules)
        self._asking = Asking(options, self._supply.pull, judging, take, hold=hold, clock=clock, tell=tell)

    @property
    def total(self) -> int | None:
        return None

    @property
    def busy(self) -> int:
        """How many targets are being asked."""
        return self._asking.engine.busy

    async def run(self) -> None:
        """Until all are asked, or `stop`. Raises what `take` raised."""
        try:
            await self._asking.run()
        finally:
            if self._guard is not None:
                await self._guard.close()

    def stop(self) -> None:
        """Ends it now: what is open is closed, and comes as a failure "stopped". Any thread may call it, also twice."""
        self._asking.stop()


class _Supply:
    def __init__(self, options: Scan) -> None:
        import ipaddress

        from certhia.scanner.ports import read_ports
        from certhia.scanner.reading import read_arguments

        def targets() -> Iterator[Target]:
            for one in read_arguments(options.targets).targets:
                for n in range(one.first, one.last + 1):
                    ports = [one.port] if one.port else read_ports(options.ports)
                    for port in ports:
                        yield Target(
                            one.origin, one.line, None, str(ipaddress.ip_address(n)), port.number, port.starttls
                        )

        self._targets = targets()

    def pull(self):
        return next(self._targets, DONE)


def watchlist_of(rules: str | Iterable[str] | Watchlist) -> Watchlist | None:
    """Rules as one gives them; None for none. Raises ConfigError."""
    if isinstance(rules, Watchlist):
        return rules
    texts = [rules] if isinstance(rules, str) else [*rules]
    return Watchlist(*texts) if texts else None
