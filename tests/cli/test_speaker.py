"""Who is speaking."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

from certhia.cli.speaker import speaker


def say() -> str:
    """Where messages are made: it asks who called."""
    return speaker()


def within(module: str, inner: Callable[[], str]) -> Callable[[], str]:
    """A function of another module, which calls `inner`."""

    def call() -> str:
        return inner()

    return FunctionType(call.__code__, {"__name__": module}, "call", None, call.__closure__)


def test_whoever_called() -> None:
    assert within("certhia.sinks.queue", say)() == "sinks"
    assert within("certhia.reload", say)() == "reload"
    assert say() == ""
    assert within("somebody.elses", say)() == ""


def test_who_passes_it_on_is_not_meant() -> None:
    wired = within("certhia.pipeline", within("certhia.parts", say))
    assert within("certhia.logs.follow", wired)() == "logs"
    assert wired() == "pipeline"
    assert within("certhia.cli.session", within("certhia.library.serving", say))() == "library"
    assert within("certhia.testing.world", within("certhia.cli.session", say))() == "cli"
