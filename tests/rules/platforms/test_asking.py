"""What is asked of a platform whose programmes are asked for one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.rules.platforms.asked import ask

from certhia.errors import RemoteError, Throttled
from certhia.rules.platforms.asking import FAILURES
from certhia.rules.platforms.client import Denied, Withheld
from certhia.rules.platforms.records import Asset, Listed
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platforms import FakePlatforms

LISTED = [Listed(f"p{n}", f"P{n}") for n in range(9)]


@in_simulated_time
async def test_one_that_fails_is_passed_over_and_several_in_a_row_are_too_many(certhia_clock: SimClock) -> None:
    asked: list[str] = []
    wrong: dict[str, RemoteError] = {"p1": RemoteError("x"), "p3": RemoteError("y"), "p4": RemoteError("z")}

    async def assets(one: Listed) -> Sequence[Asset]:
        asked.append(one.handle)
        if one.handle in wrong:
            raise wrong[one.handle]
        return [Asset("url", f"{one.handle}.example", True)]

    using = ask(FakePlatforms(certhia_clock), certhia_clock)
    found = await using.each(LISTED, assets)
    assert (len(found.scopes), list(found.failed)) == (6, ["p1", "p3", "p4"])
    wrong |= {"p5": RemoteError("last")}
    asked.clear()
    with pytest.raises(RemoteError, match="last"):
        await using.each(LISTED, assets)
    assert asked[-1] == "p5"
    assert FAILURES == 3


@in_simulated_time
async def test_what_is_withheld_says_nothing_about_the_others(certhia_clock: SimClock) -> None:
    async def assets(one: Listed) -> Sequence[Asset]:
        raise Withheld(one.handle)

    found = await ask(FakePlatforms(certhia_clock), certhia_clock).each(LISTED, assets)
    assert len(found.failed) == len(LISTED)


@in_simulated_time
async def test_credentials_that_are_not_taken_end_it(certhia_clock: SimClock) -> None:
    async def assets(one: Listed) -> Sequence[Asset]:
        raise Denied(one.handle)

    with pytest.raises(Denied):
        await ask(FakePlatforms(certhia_clock), certhia_clock).each(LISTED, assets)


def test_those_that_are_known_come_first(certhia_clock: SimClock) -> None:
    using = ask(FakePlatforms(certhia_clock), certhia_clock, most=3, known={"p7", "p8"})
    chosen, left_out = using.choose([*LISTED, LISTED[0]])
    assert ([one.handle for one in chosen], left_out) == (["p7", "p8", "p0"], 6)


@in_simulated_time
async def test_who_asks_too_much_asks_for_nothing_more(certhia_clock: SimClock) -> None:
    asked: list[str] = []

    async def assets(one: Listed) -> Sequence[Asset]:
        asked.append(one.handle)
        raise Throttled("later", 36_000.0)

    with pytest.raises(Throttled):
        await ask(FakePlatforms(certhia_clock), certhia_clock).each(LISTED, assets)
    assert asked == ["p0"]


@in_simulated_time
async def test_what_was_fetched_before_it_asked_to_wait_counts_and_is_not_asked_for_again(
    certhia_clock: SimClock,
) -> None:
    asked: list[str] = []
    busy = {"p4"}

    async def assets(one: Listed) -> Sequence[Asset]:
        asked.append(one.handle)
        if one.handle in busy:
            raise Throttled("later", 36_000.0)
        return [Asset("url", f"{one.handle}.example", True), Asset("url", "no name", True)]

    using = ask(FakePlatforms(certhia_clock), certhia_clock)
    found = await using.each(LISTED, assets)
    assert [*found.scopes] == ["p0", "p1", "p2", "p3"]
    assert found.unasked == ["p4", "p5", "p6", "p7", "p8"]
    assert found.wait is not None
    assert found.wait.retry_after == 36_000.0
    busy.clear()
    asked.clear()
    found = await using.each(LISTED, assets)
    assert (len(found.scopes), found.wait, len(found.notes)) == (9, None, 9)
    assert asked == ["p4", "p5", "p6", "p7", "p8"]
