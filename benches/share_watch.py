"""`certhia watch` as ever, with an eye on what verification and the state take of its CPU.

    python benches/share_watch.py FILE watch …

Writes JSON into the file at the end: seconds of CPU for the signatures of heads, for proofs (what of asking for them,
checking and recording is done on the loop), and for the state (the writer's commits, and SQLite's threads). Leaf hashes
and the tree's edge are done by the core with the page; benches/floor.py measures them.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

from certhia.cli import main
from certhia.logs import heads, verify
from certhia.store import writer

Work = Callable[..., Awaitable[Any]]


class Stepped:
    """An awaitable that counts the CPU of its own steps, and not of what the loop does while it waits."""

    def __init__(self, work: Awaitable[Any], spent: Counter[str], name: str) -> None:
        self._work, self._spent, self._name = work, spent, name

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        value: Any = None
        while True:
            begun = time.thread_time_ns()
            try:
                waits_for = inner.send(value)
            except StopIteration as end:
                return end.value
            finally:
                self._spent[self._name] += time.thread_time_ns() - begun
            try:
                value = yield waits_for
            except asyncio.CancelledError as error:
                inner.throw(error)
                raise


def stepped(spent: Counter[str], name: str, work: Work) -> Work:
    """`work`, counted."""

    @functools.wraps(work)
    async def counted(*given: Any, **named: Any) -> Any:
        return await Stepped(work(*given, **named), spent, name)

    return counted


def sqlite_threads() -> int:
    """Nanoseconds of CPU of the threads that SQLite's connections have."""
    idents = [one.ident for one in threading.enumerate() if "_connection_worker_thread" in one.name]  # aiosqlite's
    if not idents:
        raise SystemExit(f"none of the threads is SQLite's: {[one.name for one in threading.enumerate()]}")
    return sum(time.clock_gettime_ns(time.pthread_getcpuclockid(ident)) for ident in idents if ident)


if __name__ == "__main__":
    place, spent = Path(sys.argv.pop(1)), Counter[str]()
    check = heads.check_signature

    def signature(*given: Any) -> None:
        """As ever, counted."""
        begun = time.thread_time_ns()
        try:
            check(*given)
        finally:
            spent["signatures"] += time.thread_time_ns() - begun

    heads.check_signature = signature  # type: ignore[assignment]
    verify.Verifier.prove = stepped(spent, "proofs", verify.Verifier.prove)  # type: ignore[method-assign, assignment]
    commit = stepped(spent, "state", writer.Writer._flush)

    async def committed(self: writer.Writer) -> None:
        """The threads are gone at the end: what they took is noted after each commit."""
        await commit(self)
        spent["sqlite"] = sqlite_threads()

    writer.Writer._flush = committed  # type: ignore[method-assign]
    with contextlib.suppress(SystemExit):
        main()
    place.write_text(json.dumps({name: value / 1e9 for name, value in spent.items()}))
