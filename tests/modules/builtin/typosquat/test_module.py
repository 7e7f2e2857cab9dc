"""The module `typosquat`: which names it tells, once, and with what is behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.modules.builtin.matching import Around
from tests.modules.builtin.paging import entries_for

from certhia.clock import Clock
from certhia.config.modules.typosquat import TyposquatSection
from certhia.errors import ConfigError
from certhia.modules.builtin.aside import REPORTED
from certhia.modules.builtin.typosquat.context import Looking
from certhia.modules.builtin.typosquat.module import AT_ONCE, Typosquat
from certhia.modules.finding import Finding
from certhia.scanner.answers import Record, Unanswered
from certhia.scanner.dns import Resolver
from certhia.testing import InProcess, SimClock, World, in_simulated_time
from certhia.testing.dns import FakeDns

LOOKALIKE = "paypa1-login.com"


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Around(tmp_path, Clock())


@asynccontextmanager
async def typosquat(around: Around, **settings: object) -> AsyncIterator[Typosquat]:
    transport: InProcess = World().transport()
    module = Typosquat()
    given = {"domains": ["paypal.com"], "serves": False, **settings}
    await module.setup(TyposquatSection.model_validate(given), replace(around.outside, transport=transport))
    try:
        yield module
    finally:
        await module.close()


async def process(module: Typosquat, *names: Sequence[str]) -> list[Finding]:
    """On a thread, as the host does it."""
    return await asyncio.to_thread(lambda: list(module.process(entries_for(*names))))


async def reported(module: Typosquat, around: Around, many: int = 1) -> list[Any]:
    """The findings that came aside: so many, and none is left."""
    assert await module.flush() == []
    assert {kind for kind, _ in around.published} == {REPORTED}
    assert len(around.published) == many
    return [data for _, data in around.published]


async def test_without_context_it_is_told_at_once(around: Around) -> None:
    async with typosquat(around, context=False) as module:
        (found,) = await process(module, ["www.example.com"], [LOOKALIKE, f"www.{LOOKALIKE}"])
        assert found.text == "paypa1-login.com looks like paypal.com: homoglyph, score 84"
        assert (found.kind, found.severity, found.position, found.names) == ("lookalike", "medium", 1, (LOOKALIKE,))
        assert found.data["domain"] == LOOKALIKE
        assert (found.data["trick"], found.data["score"]) == ("homoglyph", 84)
        assert "context" not in found.data
        assert await process(module, [f"mail.{LOOKALIKE}"]) == [], "the domain was told"


async def test_ones_own_names_are_left_out(around: Around) -> None:
    settings = {"domains": ["paypal.com", "paypal.net"], "ours": ["paypal-flowers.com"], "context": False, "score": 50}
    async with typosquat(around, **settings) as module:
        assert await process(module, ["www.paypal.net"], ["shop.paypal-flowers.com"], ["paypal.com"]) == []
        assert len(await process(module, ["paypal.org"])) == 2, "of each domain that it looks like"


async def test_score_and_tricks(around: Around) -> None:
    async with typosquat(around, context=False, score=80) as module:
        assert [one.names for one in await process(module, ["paypal-login.com"], [LOOKALIKE])] == [(LOOKALIKE,)]
    async with typosquat(around, context=False, tricks=["added"]) as module:
        found = await process(module, ["paypal-login.com"], [LOOKALIKE])
        assert [one.names for one in found] == [("paypal-login.com",)]


async def test_with_what_is_behind_it(around: Around) -> None:
    dns = FakeDns()
    dns.add(LOOKALIKE, "192.0.2.7")
    dns.mail(LOOKALIKE, "mx.example.net")
    async with dns.serve() as address, typosquat(around, resolver=[address]) as module:
        assert await process(module, [f"*.{LOOKALIKE}"]) == []
        (data,) = await reported(module, around)
    text = "*.paypa1-login.com looks like paypal.com: homoglyph, score 84; leads to 192.0.2.7, takes mail"
    assert (data["text"], around.said) == (text, [text])
    assert (data["module"], data["kind"], data["severity"]) == ("typosquat", "lookalike", "high")
    assert (data["log"], data["index"]) == ("https://log.example/", 0)
    assert data["data"]["context"]["mail"] == ["mx.example.net"]


async def test_one_that_leads_nowhere_is_of_little_weight(around: Around) -> None:
    dns = FakeDns()
    async with dns.serve() as address, typosquat(around, resolver=[address]) as module:
        await process(module, [LOOKALIKE])
        (data,) = await reported(module, around)
    assert data["severity"] == "low"
    assert data["text"].endswith("; leads nowhere (NXDOMAIN)")


async def test_no_more_wait_than_may(around: Around) -> None:
    dns = FakeDns()
    names = [[f"paypal-{number + 1}.com"] for number in range(12)]
    async with dns.serve() as address, typosquat(around, resolver=[address], max_waiting=5) as module:
        found = list(module.process(entries_for(*names)))  # on the loop's thread: nothing is taken off meanwhile
        assert len(found) == 7
        assert {one.text.rpartition("; ")[2] for one in found} == {"not looked behind, too many names wait"}
        assert len(await reported(module, around, 5)) == 5


@in_simulated_time
async def test_names_take_turns(tmp_path: Path, certhia_clock: SimClock) -> None:
    around = Around(tmp_path, certhia_clock)
    async with typosquat(around, per_minute=60) as module:
        module.looking = Looking(Resolver(_nothing, clock=certhia_clock), certhia_clock, port=None, patience=5)
        list(module.process(entries_for(*([f"paypal-{number + 1}.com"] for number in range(2 * AT_ONCE)))))
        await certhia_clock.sleep(0.5)
        assert len(around.published) == AT_ONCE
        left = await module.flush()  # waits for three seconds
        assert len(around.published) == AT_ONCE + 3
        assert {one.text.rpartition("; ")[2] for one in left} <= {"not looked behind, the run ended"}
        await module.close()
        rest = await module.flush()
        assert len(around.published) + len(left) + len(rest) == 2 * AT_ONCE, "none is lost"


async def _nothing(_name: str, _kind: str) -> Sequence[Record]:
    raise Unanswered("NXDOMAIN")


async def test_settings_change_while_names_wait(around: Around) -> None:
    dns = FakeDns()
    async with dns.serve() as address, typosquat(around, resolver=["127.0.0.1:1"], per_minute=1) as module:
        list(module.process(entries_for(["paypal-login.com"], ["paypal-2.com"])))
        config = TyposquatSection.model_validate({"domains": ["paypal.com"], "resolver": [address], "serves": False})
        await module.reconfigure(config)
        await reported(module, around, 2)
        with pytest.raises(ConfigError, match=r"modules\.typosquat\.domains: there is nothing to watch"):
            await module.reconfigure(TyposquatSection())
        await process(module, ["paypal-3.com"])
        await reported(module, around, 3)


async def test_without_a_network_nothing_is_looked_up(around: Around) -> None:
    module = Typosquat()
    await module.setup(TyposquatSection.model_validate({"domains": ["paypal.com"]}), around.outside)
    (found,) = await process(module, [LOOKALIKE])
    assert "context" not in found.data
    await module.close()


async def test_what_makes_no_sense_is_refused(around: Around) -> None:
    with pytest.raises(ConfigError, match=r"modules\.typosquat: .*asks for look-alikes of a suffix"):
        async with typosquat(around, domains=["co.uk"]):
            pass
