"""The engine with all around it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.library.asking import Asking, manner_of, unasked
from certhia.library.examining import examiner_of
from certhia.library.judging import Judging
from certhia.scanner.aia import Issuers
from certhia.scanner.dns import Pointers
from certhia.scanner.engine import DONE
from certhia.scanner.examining import Examiner
from certhia.scanner.failures import ScanFailure
from certhia.scanner.guard import Guard
from certhia.scanner.records import Failure, Found, Result, Target
from certhia.scanner.talks import Outcome
from certhia.scanner.trust import Roots, Seen
from certhia.scanner.verdicts import Judge

OPTIONS = ScanOptions(timeout=20.0)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


def target(port: int) -> Target:
    return Target("x", None, None, "127.0.0.1", port)


async def asked(
    items: Sequence[object], judging: Judging | None = None, *, options: ScanOptions = OPTIONS, **given: object
) -> list[Result]:
    waiting = iter(items)
    found: list[Result] = []
    asking = Asking(
        options,
        lambda: next(waiting, DONE),
        judging or Judging(examiner_of(OPTIONS, None, Clock())),
        found.extend,
        **{"hold": lambda: False, "clock": Clock(), "tell": lambda _: None, **given},  # type: ignore[arg-type]
    )
    await asking.run()
    return found


async def test_targets_and_what_cannot_be_asked(port: int) -> None:
    lost = Target("gone.example", None, "gone.example", "", 443)
    found = await asked([target(port), None, (lost, Failure("dns", "", "NXDOMAIN")), target(1)])
    by_port = {one.target.port: one for one in found}
    assert by_port[port].served is not None
    assert by_port[443].failure == Failure("dns", "", "NXDOMAIN")
    assert by_port[1].failure == Failure("refused", "connect")


@pytest.mark.parametrize("parts", [{}, {"fingerprints": True}])
async def test_others_are_asked_for_as_long_as_the_target_has_left(
    port: int, parts: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    whole = Judging.examined

    async def examined(self: Judging, outcome: Outcome, within: float = 0.0) -> Result:
        given.append(within + (0 if parts else outcome.seconds))
        return await whole(self, outcome, within)

    async def pointers(_: str) -> Pointers:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(Judging, "examined", examined)
    options = OPTIONS.model_copy(update={"timeout": 1.5, **parts})
    found = await asked([target(port)], pointers=pointers, options=options)
    assert [one.source for one in found[0].names if one.source == "ptr"] == []
    assert given == [pytest.approx(1.5, abs=0.1)]


async def test_held_for_a_while(port: int) -> None:
    holds = iter([True, True, False])
    found = await asked([target(port)], hold=lambda: next(holds, False))
    assert len(found) == 1


async def test_names_of_addresses(port: int) -> None:
    async def pointers(address: str) -> Pointers:
        return Pointers(address, ("host.example.net",))

    found = await asked([target(port), target(1)], pointers=pointers)
    assert [
        Found("host.example.net", "ptr") in one.names for one in sorted(found, key=lambda one: one.target.port)
    ] == [
        False,
        True,
    ]


async def test_others_are_asked_on_the_loop(port: int) -> None:
    """An examiner that asks others gives its results on the loop's thread, each once."""
    clock = Clock()
    guard = Guard(clock=clock, user_agent="test")
    issuers = Issuers(guard, Seen(), clock)
    judging = Judging(Examiner(Judge(Roots.shipped()), clock, issuers=issuers))
    found = await asked([target(port)] * 20, judging)
    await guard.close()
    assert len(found) == 20
    assert all(one.chain is not None for one in found)


class Broken(Judging):
    """Has a defect that one certificate brings out."""

    def judged(self, outcome: Outcome) -> Result:
        raise ZeroDivisionError("ours")

    async def examined(self, outcome: Outcome, within: float = 0.0) -> Result:
        raise ZeroDivisionError("ours")


@pytest.mark.parametrize("asks", [False, True])
async def test_a_defect_of_ours_ends_no_scan(port: int, asks: bool) -> None:
    told: list[str] = []
    clock = Clock()
    guard = Guard(clock=clock, user_agent="test")
    issuers = Issuers(guard, Seen(), clock) if asks else None
    judging = Broken(Examiner(Judge(Roots.shipped()), clock, issuers=issuers))
    (result,) = await asked([target(port)], judging, tell=told.append)
    await guard.close()
    assert result.failure == Failure("defect", "", "ZeroDivisionError")
    assert result.served is not None
    assert told == ["127.0.0.1: what it showed could not be judged, please report it: ZeroDivisionError('ours')"]


async def test_stopping_does_not_wait_for_what_others_say(port: int) -> None:
    begun = asyncio.Event()

    class Slow(Judging):
        async def examined(self, outcome: Outcome, within: float = 0.0) -> Result:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    clock = Clock()
    guard = Guard(clock=clock, user_agent="test")
    judging = Slow(Examiner(Judge(Roots.shipped()), clock, issuers=Issuers(guard, Seen(), clock)))
    waiting = iter([target(port)] * 100)
    found: list[Result] = []
    asking = Asking(
        OPTIONS,
        lambda: next(waiting, DONE),
        judging,
        found.extend,
        hold=lambda: False,
        clock=clock,
        tell=lambda _: None,
    )
    running = asyncio.ensure_future(asking.run())
    await begun.wait()
    asking.stop()
    await running
    await guard.close()
    assert found == []


async def test_stopped_with_targets_left() -> None:
    """It ends though its source never says that it is done, and nothing is made up for what was not asked."""
    found: list[Result] = []
    pulled: list[None] = []
    asking = Asking(
        OPTIONS,
        lambda: pulled.append(None),
        Judging(examiner_of(OPTIONS, None, Clock())),
        found.extend,
        hold=lambda: False,
        clock=Clock(),
        tell=lambda _: None,
    )
    running = asyncio.ensure_future(asking.run())
    while not pulled:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert not running.done()
    asking.stop()
    await running
    assert found == []


def test_manners() -> None:
    options = ScanOptions(full=True, retry=2, fingerprints=True, enumerate=True, per_host=3)
    manner = manner_of(options)
    assert (manner.full, manner.retries, manner.fingerprints, manner.enumerate, manner.by_domain) == (
        True,
        2,
        True,
        True,
        True,
    )
    assert not manner_of(OPTIONS).by_domain


def test_what_cannot_be_asked_fails_at_once() -> None:
    with pytest.raises(ScanFailure) as caught:
        next(unasked(Failure("policy", "", "excluded")))
    assert (caught.value.kind, caught.value.detail) == ("policy", "excluded")
