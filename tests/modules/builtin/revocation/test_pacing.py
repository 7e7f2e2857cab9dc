"""Each host is asked so often and no more."""

from __future__ import annotations

import pytest
from tests.scanner.guarding import Names, but_for_loopback
from tests.scanner.responding import serving

from certhia.clock import Clock
from certhia.modules.builtin.revocation import pacing
from certhia.modules.builtin.revocation.pacing import Busy, Paced
from certhia.scanner.guard import Refused
from certhia.testing import SimClock


class Hasty(Clock):
    """Does not wait, and remembers for how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 1000.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def guard(clock: Clock, interval: float = 1.0) -> Paced:
    async def resolve(host: str) -> list[str]:
        return list(await Names(["127.0.0.1"])(host))

    return Paced(clock=clock, user_agent="certhia/1", interval=interval, closed=but_for_loopback, resolve=resolve)


async def test_hosts_have_their_turns_each_for_itself() -> None:
    clock = Hasty()
    asked = guard(clock)
    async with serving() as pages:
        pages.bodies["/"] = b"x"
        for host in ("a.example", "a.example", "b.example", "a.example"):
            assert (await asked.get(pages.url("/", host))).status == 200
        assert (await asked.post(pages.url("/", "A.example"), b"y")).status == 200
    assert clock.slept == [1.0, 2.0, 3.0]
    await asked.close()


async def test_redirects_wait_for_their_turn_too() -> None:
    clock = Hasty()
    asked = guard(clock)
    async with serving() as pages:
        pages.bodies |= {"/": b"", "/there": b"x"}
        pages.redirects["/"] = "/there"
        assert (await asked.get(pages.url("/"), redirects=1)).body == b"x"
    assert clock.slept == [1.0]
    await asked.close()


async def test_who_would_wait_too_long_comes_another_time() -> None:
    asked = guard(Hasty(), interval=pacing.LONGEST)
    async with serving() as pages:
        pages.bodies["/"] = b"x"
        await asked.get(pages.url("/"))
        await asked.get(pages.url("/"))
        with pytest.raises(Busy, match="too many wait"):
            await asked.get(pages.url("/"))
        assert (await asked.get(pages.url("/", "other.example"))).status == 200
    await asked.close()


async def test_what_leads_inwards_is_refused() -> None:
    inner = Paced(clock=SimClock(1.0), user_agent="certhia/1", interval=1.0)
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "file:///etc/passwd"):
        with pytest.raises(Refused):
            await inner.get(url)
    await inner.close()


async def test_hosts_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "MAX_HOSTS", 2)
    asked = guard(Clock(), interval=0.0)
    async with serving() as pages:
        for number in range(5):
            await asked.get(pages.url("/", f"n{number}.example"))
    assert len(asked._next) <= 2
    await asked.close()
