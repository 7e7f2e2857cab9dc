"""What the way to an honest server does: it delays, drips, throttles and breaks.

Each makes a `Fault` to put into `FakeLog.hooks`, as those of `certhia.testing.scripted` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from certhia.testing.request import Answer, Request
from certhia.testing.scripted import Fault


def _on_the_way(
    change: Callable[[Answer], Answer], endpoints: Iterable[str], times: int | None, every: int = 1
) -> Fault:
    return Fault(lambda request: change(Answer(request.log.serve(request))), frozenset(endpoints), times, every=every)


def delay(seconds: float, *, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """The right answer begins late."""
    return _on_the_way(lambda answer: replace(answer, delay=seconds), endpoints, times, every)


def throttle(rate: float, *, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """The right answer comes at `rate` bytes a second; 1 makes it drip."""
    return _on_the_way(lambda answer: replace(answer, rate=rate), endpoints, times, every)


def cut(after: int, *, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """The connection breaks after so many bytes of the right answer."""
    return _on_the_way(lambda answer: replace(answer, cut=after), endpoints, times, every)


def endless(*, times: int | None = None, endpoints: Iterable[str] = (), every: int = 1) -> Fault:
    """The body of the right answer comes again and again, and never ends."""

    def act(request: Request) -> Answer:
        answer = request.log.serve(request)
        headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
        return Answer(replace(answer, headers=headers), endless=True)

    return Fault(act, frozenset(endpoints), times, every=every)
