"""The engine with all around it: targets in, conversations held, results out."""

from __future__ import annotations

from asyncio import Semaphore, Task, TaskGroup, to_thread
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from certhia._core import build_info
from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.library.handover import Handover
from certhia.library.judging import Judging, result_of
from certhia.scanner.content.extracting import visit_of
from certhia.scanner.conversation import Conversation, Step
from certhia.scanner.dns import Pointers
from certhia.scanner.engine import Engine
from certhia.scanner.failures import ScanFailure
from certhia.scanner.probing import Content, Manner, Prober, Seen
from certhia.scanner.records import Failure, Found, Result, Target
from certhia.scanner.talks import Outcome

if TYPE_CHECKING:
    from certhia.scanner.content.extracting import Visit
    from certhia.scanner.content.web import LookUp

KEPT: Final = 1 << 18  # bytes of a page that extractors of others get
AHEAD: Final = 64  # servers about which others are asked at once

# The names of an address.
Pointing: TypeAlias = "Callable[[str], Awaitable[Pointers]]"
# Names in what a server showed, by extractors of others.
Extract: TypeAlias = "Callable[[Visit], Awaitable[list[Found]]]"
# Gives the next target, or one that can't be asked with the reason; None where there is none now, DONE at the end.
Pull: TypeAlias = Callable[[], "Target | tuple[Target, Failure] | object | None"]


def manner_of(options: ScanOptions, look_up: LookUp | None = None, kept: int = 0) -> Manner:
    """How targets are asked, by the settings. `look_up`: of hosts that pages name. `kept`: see `content_of`."""
    return Manner(
        full=options.full,
        content=content_of(options, look_up, kept),
        fingerprints=options.fingerprints,
        enumerate=options.enumerate,
        retries=options.retry,
        by_domain=options.per_host is not None,
    )


def content_of(options: ScanOptions, look_up: LookUp | None = None, kept: int = 0) -> Content | None:
    """What is asked under TLS; None for nothing. `kept`: bytes of a page that are kept for extractors of others."""
    if not (options.http or options.scripts or options.follow or options.follow_host):
        return None
    from certhia.net import user_agent  # noqa: PLC0415  (a scan that asks nothing of HTTP does without aiohttp)
    from certhia.scanner.content.web import Web  # noqa: PLC0415

    return Web(
        user_agent(build_info["version"], None),
        scripts=options.scripts,
        follow="all" if options.follow else "host" if options.follow_host else "",
        most=options.max_redirects,
        by_domain=options.per_host is not None,
        look_up=look_up,
        kept=kept,
    )


class Asking:
    """Asks all targets. They are pulled on the engine's thread. Results are taken there too, or on the loop where
    others are asked about them; never by both."""

    def __init__(
        self,
        options: ScanOptions,
        pull: Pull,
        judging: Judging,
        take: Callable[[Sequence[Result]], None],
        *,
        hold: Callable[[], bool],
        pointers: Pointing | None = None,
        look_up: LookUp | None = None,
        extract: Extract | None = None,
        clock: Clock,
        tell: Callable[[str], None],
    ) -> None:
        """`take`: gets results. `hold`: whether to begin no more targets for now; it is asked again in a moment.
        `pointers`: the names of an address, where they are wanted. `look_up`: of hosts that pages name. `extract`: the
        names that extractors of others find in what a server showed."""
        self._pull = pull
        self._judging = judging
        self._take = take
        self._hold = hold
        self._pointers = pointers
        self._tell = tell
        self._clock = clock
        self._timeout = options.timeout
        self._extract = extract
        self._prober = Prober(manner_of(options, look_up, KEPT if extract is not None else 0), clock)
        self._later: Handover[Outcome] | None = None
        self._ahead = Semaphore(AHEAD)
        self._examining: set[Task[None]] = set()
        self._stopped = False
        self.engine = Engine(
            self._source,
            self._deliver,
            timeout=options.timeout,
            concurrency=options.concurrency,
            rate=options.rate,
            per_host=options.per_host,
            clock=clock,
            say=tell,
        )

    async def run(self) -> None:
        """Until nothing is left, or `stop`. Raises what taking results raised."""
        if self._judging.examiner.asks or self._pointers is not None or self._extract is not None:
            self._later = Handover()
        self.engine.start()
        try:
            async with TaskGroup() as group:
                if self._later is not None:
                    self._examining.add(group.create_task(self._examine(group, self._later)))
                await to_thread(self.engine.join)
                if self._later is not None:
                    self._later.finish()
                if self._stopped:
                    for task in self._examining:
                        task.cancel()  # nobody waits for what others say of them
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends it: connections are closed at once. Any thread may call it, also twice."""
        self._stopped = True
        self.engine.stop(cut=True)

    def _source(self) -> object | None:
        if self._hold() or (self._later is not None and self._later.full):
            return None
        target = self._pull()
        if isinstance(target, Target):
            return target, self._prober.talk(target)
        if isinstance(target, tuple):
            lost, failure = target
            return lost, unasked(failure)
        return target

    def _deliver(self, outcomes: Sequence[Outcome]) -> None:
        if self._later is not None:
            self._later.put(outcomes)
        else:
            self._take([*map(self._judged, outcomes)])

    def _judged(self, outcome: Outcome) -> Result:
        try:
            return self._judging.judged(outcome)
        except Exception as error:  # noqa: BLE001  (one certificate must not end the scan of all others)
            return self._defective(outcome, error)

    def _defective(self, outcome: Outcome, error: Exception) -> Result:
        """What was seen, without what should have been said of it; the user is told, and asked to report it."""
        self._tell(f"{outcome.key.address}: what it showed could not be judged, please report it: {error!r}")
        bare = result_of(outcome)
        served = outcome.value.served if outcome.value is not None else None
        return bare._replace(served=served, failure=Failure("defect", "", type(error).__name__))

    async def _examine(self, group: TaskGroup, later: Handover[Outcome]) -> None:
        while (outcome := await later.take()) is not None and not self._stopped:
            await self._ahead.acquire()
            task = group.create_task(self._examine_one(outcome))
            self._examining.add(task)
            task.add_done_callback(self._examining.discard)

    async def _examine_one(self, outcome: Outcome) -> None:
        try:
            until = self._clock.monotonic() + self._left(outcome)
            try:
                result = await self._judging.examined(outcome, until - self._clock.monotonic())
            except Exception as error:  # noqa: BLE001  (likewise)
                result = self._defective(outcome, error)
            if self._pointers is not None and result.served is not None:
                more = await self._named(self._pointers, result.target.address, until)
                result = result._replace(names=(*result.names, *more))
            if self._extract is not None and result.served is not None:
                result = await self._with_extracted(result, self._extract)
            self._take([result])
        finally:
            self._ahead.release()

    async def _with_extracted(self, result: Result, extract: Extract) -> Result:
        """With names that extractors of others find; without the page that they read."""
        more = self._judging.kept(await extract(visit_of(result)))
        http = None if result.http is None else result.http._replace(body=b"")
        return result._replace(names=tuple(dict.fromkeys((*result.names, *more))), http=http)

    def _left(self, outcome: Outcome) -> float:
        """Seconds that a target has left for what others say of it. Fingerprints and enumeration have deadlines of
        their own: where there are such, this has too."""
        seen = outcome.value
        apart = seen is not None and (seen.fingerprints or seen.enumerated)
        return self._timeout if apart else max(0.0, self._timeout - outcome.seconds)

    async def _named(self, pointers: Pointing, address: str, until: float) -> list[Found]:
        """By the PTR records of its address."""
        try:
            async with self._clock.deadline(max(0.0, until - self._clock.monotonic())):
                return [Found(name, "ptr") for name in (await pointers(address)).names]
        except TimeoutError:
            return []


def unasked(failure: Failure) -> Conversation[Seen]:
    """The conversation of a target that can't be asked: its failure, at once."""
    steps: tuple[Step, ...] = ()
    yield from steps
    raise ScanFailure(*failure)
