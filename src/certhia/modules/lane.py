"""A thread for one module. What never comes back there is left behind, and the program ends all the same: whoever waits
for the end of a thread of `concurrent.futures`, as Python itself does when it ends, waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane(Executor):
    """Runs one thing after the other, in a thread that the program does not wait for."""

    def __init__(self, name: str) -> None:
        self._work = SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]()
        self._closed = False
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `Executor`."""
        if self._closed:
            raise RuntimeError("this thread has ended")
        future = Future[T]()
        self._work.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See `Executor`. Without `wait` it ends once it has nothing to do."""
        del cancel_futures  # whoever cancels a call cancels its future
        self._closed = True
        self._work.put(None)
        if wait:
            self._thread.join()

    def _run(self) -> None:
        while (one := self._work.get()) is not None:
            future, function = one
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001  (it is whoever asked that hears of it)
                future.set_exception(error)
            else:
                future.set_result(result)
            del one, future, function
