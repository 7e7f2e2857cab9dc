"""A thread for one module, which can be left behind."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from certhia.modules.lane import Lane

HANGS = """
import threading
from certhia.modules.lane import Lane
lane = Lane("hangs")
begun = threading.Event()
lane.submit(lambda: (begun.set(), threading.Event().wait()))
begun.wait()
lane.shutdown(wait=False)
"""


def test_one_thing_after_the_other() -> None:
    lane, order = Lane("one"), list[int]()
    stop = threading.Event()
    first = lane.submit(stop.wait)
    futures = [lane.submit(order.append, number) for number in range(3)]
    futures[1].cancel()
    stop.set()
    assert first.result() is True
    lane.shutdown()
    assert order == [0, 2]
    with pytest.raises(RuntimeError, match="has ended"):
        lane.submit(print)


@pytest.mark.parametrize("error", [ValueError, SystemExit])
def test_what_is_raised(error: type[BaseException]) -> None:
    def fails() -> None:
        raise error

    lane = Lane("fails")
    with pytest.raises(error):
        lane.submit(fails).result()
    assert lane.submit(len, "it goes on").result() == 10
    lane.shutdown()


def test_a_program_ends_though_it_never_comes_back() -> None:
    assert subprocess.run([sys.executable, "-c", HANGS], check=False, timeout=60).returncode == 0
