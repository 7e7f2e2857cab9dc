from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from tests.scanner.driving import serving, until_cut

from certhia.scanner.conversation import Connect, Conversation, Wait
from certhia.scanner.crowding import Crowding
from certhia.scanner.failures import ScanFailure
from certhia.scanner.pace import Pace
from certhia.scanner.polling import poller
from certhia.scanner.slots import CONNECTING, RESTING, Limit, Slot
from certhia.scanner.timers import OPEN, Timers
from certhia.scanner.wires import Wires, complaint

Making = Callable[..., tuple[Wires, Timers]]


def slot() -> Slot:
    def talk() -> Conversation[None]:
        yield Wait(1)

    return Slot("key", talk(), 0.0, 10.0)


@pytest.fixture
def making() -> Iterator[Making]:
    polled = poller()

    def make(pace: Pace | None = None, crowding: Crowding | None = None) -> tuple[Wires, Timers]:
        timers = Timers()
        return Wires(polled, timers, Limit(10), pace, crowding, lambda _: None), timers

    yield make
    polled.close()


def test_a_connection_comes_and_goes(making: Making) -> None:
    wires, _ = making()
    one = slot()
    with serving(until_cut) as port:
        already = wires.open(one, Connect("127.0.0.1", port), 1.0)
        assert (one.state, one.step, list(wires.at.values())) == (CONNECTING, "connect", [one])
        assert already or one.fd >= 0
        wires.close(one)
    assert (wires.at, one.socket) == ({}, None)
    wires.close(one)


def test_waits_for_its_moment(making: Making) -> None:
    wires, timers = making(pace=Pace(1))
    first, second = slot(), slot()
    with serving(until_cut) as port:
        wires.open(first, Connect("127.0.0.1", port), 100.0)
        assert not wires.open(second, Connect("127.0.0.1", port), 100.0)
        assert (second.state, second.waiting) == (RESTING, 100.0)
        assert list(timers.due(101.0)) == [(second, OPEN)]
        wires.open_now(second, Connect("127.0.0.1", port), 101.0)
        assert second.waiting == 0.0
        wires.close(first)
        wires.close(second)


def test_waits_for_its_place(making: Making) -> None:
    wires, _ = making(crowding=Crowding(1))
    first, second = slot(), slot()
    with serving(until_cut) as port:
        wires.open(first, Connect("127.0.0.1", port), 1.0)
        wires.open(second, Connect("127.0.0.1", port), 1.0)
        assert (second.waiting, list(wires.ready)) == (1.0, [])
        wires.close(first)
        assert list(wires.ready) == [second]


def test_gives_its_place_back_where_nobody_listens(making: Making) -> None:
    wires, _ = making(crowding=Crowding(1))
    first = slot()
    with serving(until_cut) as port:
        pass
    with socket.socket() as taken:  # nobody else gets the port meanwhile
        taken.bind(("127.0.0.1", port))
        for _ in range(3):
            with suppress(ScanFailure):  # it may come at once, or through the poller
                wires.open(first, Connect("127.0.0.1", port), 1.0)
            assert first.waiting == 0.0
            wires.close(first)


@pytest.mark.parametrize(
    "number, words",
    [(errno.EMFILE, "`ulimit -n`"), (errno.EADDRNOTAVAIL, "local port"), (errno.ENOBUFS, "no room for more than 7")],
)
def test_complaints_say_what_is_missing(number: int, words: str) -> None:
    assert words in complaint(number, 7)
