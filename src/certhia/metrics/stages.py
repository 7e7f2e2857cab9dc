"""How long the stages of a run take: counted once a page, a request or a commit, never once a certificate."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from certhia.clock import Clock, Spent

Result = TypeVar("Result")


class Stages:
    """Of one run.

    Attributes:
        core: in the core's threads: pages decoded, matched and hashed, messages serialised.
        tell: from what the core found to what is staged for the store.
        stream: until the stream has a page.
    """

    __slots__ = ("core", "stream", "tell")

    def __init__(self) -> None:
        self.core, self.tell, self.stream = Spent(), Spent(), Spent()


class Workers(ThreadPoolExecutor):
    """The core's threads, which say how long they worked and what waits for them."""

    def __init__(self, count: int, spent: Spent, clock: Clock) -> None:
        super().__init__(count, thread_name_prefix="core")
        self._spent = spent
        self._clock = clock
        self._lock = Lock()  # adding up is no single step

    @property
    def waiting(self) -> int:
        """Calls that no thread has taken up yet."""
        return self._work_queue.qsize()

    def submit(self, fn: Callable[..., Result], /, *args: object, **kwargs: object) -> Future[Result]:
        """See ThreadPoolExecutor."""

        def timed() -> Result:
            began = self._clock.monotonic()
            try:
                return fn(*args, **kwargs)
            finally:
                with self._lock:
                    self._spent.add(self._clock.monotonic() - began)

        return super().submit(timed)
