"""What a backfill waits for is told, and how it ends."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.rig import Rig

from certhia.awaiting import SAY_AFTER, UNPROVEN
from certhia.backfilling import PROGRESS, REQUEST
from certhia.cli.wishes import Beside
from certhia.quantity import Point
from certhia.store import Freeze, State
from certhia.store.backfills import DONE
from certhia.store.place import Place
from certhia.testing import World, fail, in_simulated_time

ASKED = json.dumps({"log": "one", "from": "beginning", "reverse": False})
PROOFS = ("get-sth-consistency", "get-entry-and-proof", "get-proof-by-hash")


async def waited_for(rig: Rig) -> list[str]:
    """As a command beside the follower sees it."""
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as state:
        return list(json.loads(await state.recall(PROGRESS) or "{}").get("waits", {}).values())


async def ask(rig: Rig) -> None:
    async with await State.open(rig.directory, clock=rig.clock, follow=False) as state:
        await state.request(REQUEST, ASKED)


@in_simulated_time
async def test_a_log_that_is_followed_without_proofs(
    certhia_world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said, to who looks at the follower and to who asked; once it proves its tree, all is read."""
    log = certhia_world.rfc6962("one", max_get_entries=64)
    certhia_world.grow(300)
    outage = fail(404, endpoints=PROOFS)
    log.hooks.append(outage)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(60)
        looking = rig.clock.monotonic()

        async def heal() -> None:
            await rig.clock.sleep(SAY_AFTER + 30)
            assert await waited_for(rig) == [UNPROVEN]
            log.hooks.remove(outage)

        healing = asyncio.get_running_loop().create_task(heal())
        assert await Beside(Place(tmp_path), rig.clock).ask(ASKED, detach=False) == 0
        await healing
        assert rig.clock.monotonic() - looking > SAY_AFTER
        await rig.clock.sleep(10)
        assert rig.texts.count(f"the backfill waits: {UNPROVEN}") == 1
        assert [wish.outcome for wish in await rig.state.backfills()] == [DONE]
    assert len(rig.sheet.told) == 300
    assert capsys.readouterr().err.count(f"one: the backfill waits: {UNPROVEN}\n") == 1


@in_simulated_time
async def test_a_log_that_was_frozen_before_anything_was_verified(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one", max_get_entries=64)
    certhia_world.grow(100)
    outage = fail(404, endpoints=PROOFS)
    log.hooks.append(outage)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await rig.clock.sleep(60)
        rig.state.writer.freeze(Freeze(log.id, 0, rig.clock.now(), "two heads", "/evidence/one.json"))
        await ask(rig)
        await rig.clock.sleep(60)
        (text,) = await waited_for(rig)
        assert text == (
            "the log is frozen: two heads; evidence: /evidence/one.json, for `certhia verify-evidence`; once you have "
            f"seen to it, `certhia logs --accept {log.model.url}` has it go on, and the backfill too"
        )
        assert rig.texts.count(f"the backfill waits: {text}") == 1
        log.hooks.remove(outage)
        await rig.state.accept(log.id)
        await rig.clock.sleep(120)
        assert [wish.outcome for wish in await rig.state.backfills()] == [DONE]


@in_simulated_time
async def test_a_log_that_takes_its_time_is_not_told_of(certhia_world: World, tmp_path: Path) -> None:
    certhia_world.rfc6962("one", max_get_entries=64)
    certhia_world.grow(100)
    rig = Rig(certhia_world, tmp_path)
    rig.origin = Point("now")
    async with rig.running():
        await ask(rig)
        await rig.clock.sleep(120)
        assert [wish.outcome for wish in await rig.state.backfills()] == [DONE]
    assert not [text for text in rig.texts if "waits" in text]
