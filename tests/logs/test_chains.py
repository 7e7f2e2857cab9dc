"""Issuers are had in time or done without; precertificates are judged by them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from certhia._core import Entry, Issuers, Page
from certhia.errors import BadAnswer
from certhia.logs import chains
from certhia.logs.chains import Chains
from certhia.model import Log
from certhia.testing import CA, FakeLog, Issued, SimClock, World, in_simulated_time


class Keeper:
    """Stands for a log's client: gives its issuers, late or never."""

    def __init__(self, log: FakeLog, clock: SimClock) -> None:
        self.log, self.clock = log, clock
        self.asked: list[bytes] = []
        self.wait = 0.0
        self.error: Exception | None = None
        self.issuers = Issuers()
        self.chains = Chains(self.issuers, self.give, clock)

    async def give(self, log: Log, fingerprint: bytes) -> bytes | None:
        assert log == self.log.model
        self.asked.append(fingerprint)
        await self.clock.sleep(self.wait)
        if self.error is not None:
            raise self.error
        return self.log.issuers.get(fingerprint)

    async def judge(self, *entries: Entry) -> list[bool]:
        await self.chains.gather(self.log.model, entries)
        return [self.chains.unproven(entry) == "" for entry in entries]


def tile(world: World, *issued: Issued) -> tuple[FakeLog, Page]:
    log = world.static("alpha")
    log.add(*issued)
    log.publish()
    return log, Page.from_tile(world.handle("GET", f"{log.url}tile/data/000.p/{len(issued)}").body, 0)


@pytest.fixture
def precerts(certhia_world: World) -> list[Issued]:
    ca = certhia_world.ca
    plain = ca.issue(["a.example.com"], precert=True)
    return [plain, ca.issue(["b.example.com"], precert=True, precert_signer=True), ca.finish(plain)]


@in_simulated_time
async def test_issuers_are_asked_for_once(
    certhia_world: World, certhia_clock: SimClock, precerts: list[Issued]
) -> None:
    log, page = tile(certhia_world, *precerts)
    keeper = Keeper(log, certhia_clock)
    assert await keeper.judge(*page) == [True, True, True]
    ca = certhia_world.ca
    assert {keeper.issuers.get(one) for one in keeper.asked} == {ca.intermediate, ca.precert_signer}
    assert len(keeper.asked) == 2
    assert await keeper.judge(*page) == [True, True, True]
    assert len(keeper.asked) == 2


@in_simulated_time
async def test_the_issuer_behind_a_precertificate_signing_certificate(
    certhia_world: World, certhia_clock: SimClock, precerts: list[Issued]
) -> None:
    log, page = tile(certhia_world, precerts[1])
    keeper = Keeper(log, certhia_clock)
    assert await keeper.judge(page[0]) == [True]
    assert keeper.asked == page[0].chain[:2]


@pytest.mark.parametrize("how", ["late", "broken", "missing"])
@in_simulated_time
async def test_what_cant_be_had_is_done_without(
    certhia_world: World, certhia_clock: SimClock, precerts: list[Issued], how: str
) -> None:
    log, page = tile(certhia_world, *precerts)
    keeper = Keeper(log, certhia_clock)
    kept = dict(log.issuers)
    if how == "late":
        keeper.wait = 60.0
    elif how == "broken":
        keeper.error = BadAnswer("no")
    else:
        log.issuers.clear()
    began = certhia_clock.monotonic()
    assert await keeper.judge(*page) == [False, False, True], "a certificate is the leaf itself"
    assert certhia_clock.monotonic() - began <= chains.WITHIN
    asked = len(keeper.asked)
    began = certhia_clock.monotonic()
    await keeper.judge(*page)
    assert (len(keeper.asked), certhia_clock.monotonic()) == (asked, began), "it is not asked for again at once"
    keeper.wait, keeper.error = 0.0, None
    log.issuers.update(kept)
    await certhia_clock.sleep(chains.AGAIN)
    assert await keeper.judge(*page) == [True, True, True]


@in_simulated_time
async def test_no_page_asks_for_any_number(certhia_world: World, certhia_clock: SimClock) -> None:
    issued = [CA(number, clock=certhia_clock).issue(["a.example"], precert=True) for number in range(chains.MOST + 3)]
    log, page = tile(certhia_world, *issued)
    keeper = Keeper(log, certhia_clock)
    assert sum(await keeper.judge(*page)) == chains.MOST == len(keeper.asked)


@in_simulated_time
async def test_whoever_is_stopped_meanwhile_stops(
    certhia_world: World, certhia_clock: SimClock, precerts: list[Issued]
) -> None:
    log, page = tile(certhia_world, *precerts)
    keeper = Keeper(log, certhia_clock)
    keeper.wait = 3.0
    task = asyncio.get_running_loop().create_task(keeper.judge(*page))
    await certhia_clock.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_simulated_time
async def test_nothing_is_asked_for_certificates(
    certhia_world: World, certhia_clock: SimClock, precerts: list[Issued]
) -> None:
    log, page = tile(certhia_world, precerts[2])
    keeper = Keeper(log, certhia_clock)
    assert await keeper.judge(*page) == [True]
    assert keeper.asked == []


@in_simulated_time
async def test_whoever_did_not_sign_proves_nothing(certhia_world: World, certhia_clock: SimClock) -> None:
    ca, other = certhia_world.ca, CA(9, clock=certhia_clock)
    plain = ca.issue(["a.example.com"], precert=True)
    forged = replace(plain, der=plain.der[:-8] + bytes(8))
    made_up = replace(
        other.issue(["b.example.com"], precert=True, precert_signer=True),
        issuer_key_hash=ca.issuer_key_hash,
        chain=(other.precert_signer, ca.intermediate),
    )
    signed = ca.issue(["c.example.com"], precert=True, precert_signer=True)
    stranger = replace(signed, der=signed.der[:-8] + bytes(8))
    log, page = tile(certhia_world, forged, made_up, stranger)
    keeper = Keeper(log, certhia_clock)
    await keeper.chains.gather(log.model, list(page))
    assert [entry.unproven(keeper.issuers) for entry in page] == [None] * 3, "the bytes lead where they should"
    assert [keeper.chains.unproven(entry) for entry in page] == [
        "the chain's issuer did not sign the precertificate",
        "the chain's issuer (certificate 2) did not sign the chain's signing certificate",
        "the chain's signing certificate did not sign the precertificate",
    ]


@pytest.mark.parametrize("turned", [False, True])
@in_simulated_time
async def test_one_signer_with_different_issuers_behind_it(
    certhia_world: World, certhia_clock: SimClock, turned: bool
) -> None:
    ca, other = certhia_world.ca, CA(9, clock=certhia_clock)
    good = ca.issue(["a.example.com"], precert=True, precert_signer=True)
    bad = replace(good, chain=(ca.precert_signer, other.intermediate))
    log, page = tile(certhia_world, *((good, bad) if turned else (bad, good)))
    keeper = Keeper(log, certhia_clock)
    assert await keeper.judge(*page) == ([True, False] if turned else [False, True])
