"""`certhia.follow`: every entry of a log, in order, once it is proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from tests.rig import LIST

from certhia._core import Page, leaf_hash
from certhia.errors import ConfigError, RemoteError, Unverified
from certhia.library import following
from certhia.library.following import follow
from certhia.testing import FakeLog, SimClock, World, fail, in_simulated_time, run_simulated
from certhia.testing.false_heads import split_view
from certhia.testing.hostile import flipped_leaf

FAST = {"read.poll_static": 1, "read.poll_rfc6962": 1, "read.patience": 2}
WITHOUT_PROOF = ("get-entry-and-proof", "get-proof-by-hash", "get-sth-consistency")


def following_(world: World, log: object, **given: object) -> AsyncGenerator[Page, None]:
    defaults: dict[str, object] = {
        "start": "beginning",
        "log_lists": [LIST],
        "transport": world.transport(latency=0.01),
        "clock": world.clock,
        "tell": lambda *_, **__: None,
        "options": FAST,
    }
    return follow(log, **(defaults | given))  # type: ignore[arg-type]


def made(world: World, kind: str, **options: object) -> FakeLog:
    log: FakeLog = getattr(world, kind)("alpha", **options)
    return log


def hashes(log: FakeLog, first: int, end: int) -> list[bytes]:
    return [leaf_hash(entry.leaf_input) for entry in log.entries[first:end]]


async def all_of(pages: AsyncGenerator[Page, None]) -> tuple[list[int], list[bytes]]:
    """Indices and leaf hashes, as they came."""
    entries = [entry async for page in pages for entry in page]
    return [entry.index for entry in entries], [entry.leaf_hash for entry in entries]


@pytest.mark.parametrize("kind", ["rfc6962", "static", "hybrid"])
@in_simulated_time
async def test_all_entries_in_order(certhia_world: World, kind: str) -> None:
    log = made(certhia_world, kind)
    certhia_world.grow(300)
    indices, seen = await all_of(following_(certhia_world, log.model, until="now"))
    assert indices == list(range(300))
    assert seen == hashes(log, 0, 300)


@in_simulated_time
async def test_it_goes_on_as_the_log_grows(certhia_world: World) -> None:
    made(certhia_world, "rfc6962")
    certhia_world.grow(30)
    indices: list[int] = []
    async with aclosing(following_(certhia_world, "alpha", start=-10)) as pages:
        async for page in pages:
            indices += range(page.first, page.end)
            if page.end == 30:
                certhia_world.grow(20)
            if page.end == 50:
                break
        began = certhia_world.clock.monotonic()
    assert certhia_world.clock.monotonic() - began < 1.0
    assert indices == list(range(20, 50))
    assert len(asyncio.all_tasks()) == 1


def test_one_that_is_still_open_when_the_loop_ends_is_closed(
    certhia_world: World, certhia_clock: SimClock, caplog: pytest.LogCaptureFixture
) -> None:
    made(certhia_world, "rfc6962")
    certhia_world.grow(30)

    async def leave_open() -> AsyncGenerator[Page, None]:
        pages = following_(certhia_world, "alpha")
        await anext(pages)
        return pages

    pages = run_simulated(leave_open(), clock=certhia_clock)
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
    assert pages.ag_frame is None  # type: ignore[attr-defined]


@in_simulated_time
async def test_the_end_of_a_page_is_where_to_go_on(certhia_world: World) -> None:
    log = made(certhia_world, "rfc6962", max_get_entries=32)
    certhia_world.grow(1000)
    async with aclosing(following_(certhia_world, log.url)) as pages:
        end = (await anext(pages)).end
    assert 0 < end < 1000
    indices, _ = await all_of(following_(certhia_world, log.url, start=end, until=900))
    assert indices == list(range(end, 900))


@in_simulated_time
async def test_nothing_comes_that_the_log_did_not_sign(certhia_world: World) -> None:
    """The log serves something else than what is in its tree, once: it is read again, and nobody sees it."""
    log = made(certhia_world, "rfc6962")
    certhia_world.grow(50)
    log.hooks.append(flipped_leaf(7, times=1))
    told: list[str] = []

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        told.append(f"{level}: {text}")

    indices, seen = await all_of(following_(certhia_world, log.model, tell=tell, until="now"))
    assert (indices, seen) == (list(range(50)), hashes(log, 0, 50))
    assert any(text.startswith("warning: ") and text.endswith("reads again from 0") for text in told)


@in_simulated_time
async def test_a_log_without_proofs_is_followed_only_where_that_is_wanted(certhia_world: World) -> None:
    log = made(certhia_world, "rfc6962")
    certhia_world.grow(30)
    log.hooks.append(fail(404, endpoints=WITHOUT_PROOF))
    with pytest.raises(Unverified, match="gives no proof of its tree at 10; verify=False"):
        await anext(following_(certhia_world, log.model, start=10))
    indices: list[int] = []
    async with aclosing(following_(certhia_world, log.model, start=10, verify=False)) as pages:
        async for page in pages:
            indices += range(page.first, page.end)
            if page.end == 30:
                log.hooks.clear()  # it is read again, verified
                await certhia_world.clock.sleep(30)
                certhia_world.grow(5)
            if page.end == 35:
                break
    assert indices == list(range(10, 35))


@in_simulated_time
async def test_the_reader_sets_the_pace(certhia_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PROVEN_EVERY", 50)
    log = made(certhia_world, "rfc6962", max_get_entries=8)
    certhia_world.grow(800)
    options = FAST | {"read.memory": 30_000}
    async with aclosing(following_(certhia_world, log.model, options=options, until="now")) as pages:
        entries = len(await anext(pages))
        await certhia_world.clock.sleep(60)
        assert log.traffic.requests["get-entries"] < 50
        entries += sum([len(page) async for page in pages])
    assert entries == 800


@in_simulated_time
async def test_a_log_that_ends_ends_it(certhia_world: World) -> None:
    log = made(certhia_world, "rfc6962", state="readonly", mmd=60)
    certhia_world.grow(10)
    indices, _ = await all_of(following_(certhia_world, log.model, options={"read.poll_rfc6962": 3600}))
    assert indices == list(range(10))


@pytest.mark.parametrize(
    "log, given, error, said",
    [
        ("nobody", {}, ConfigError, "no known log is called"),
        ("http://elsewhere.test/", {}, ConfigError, "elsewhere.test/: no log list has it"),
        ("alpha", {"start": "soon"}, ConfigError, r"read\.from"),
        ("alpha", {"log_lists": ["http://world.test/none.json"]}, RemoteError, "404"),
    ],
)
@in_simulated_time
async def test_what_makes_no_sense(
    certhia_world: World, log: str, given: dict[str, object], error: type[Exception], said: str
) -> None:
    made(certhia_world, "rfc6962")
    with pytest.raises(error, match=said):
        await anext(following_(certhia_world, log, **given))
    assert len(asyncio.all_tasks()) == 1


@in_simulated_time
async def test_a_log_that_contradicts_itself_ends_the_loop_behind_what_is_proven(certhia_world: World) -> None:
    log = made(certhia_world, "rfc6962")
    certhia_world.grow(40)
    seen: list[int] = []
    with pytest.raises(Unverified, match=r"signed two heads of size 40.*nothing more of it can be verified"):
        async with aclosing(following_(certhia_world, log.model)) as pages:
            async for page in pages:
                seen += range(page.first, page.end)
                log.hooks.append(split_view(every=1))
    assert seen == list(range(40))
    log.hooks.clear()
    log.hooks.append(flipped_leaf(7))
    with pytest.raises(Unverified, match="differs from its signed head even when read again from 0"):
        await all_of(following_(certhia_world, log.model, until="now"))
    indices, _ = await all_of(following_(certhia_world, log.model, until="now", verify=False))
    assert indices == list(range(40))
