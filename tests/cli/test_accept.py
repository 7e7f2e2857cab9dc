"""`certhia logs --accept`: a frozen log goes on, with a follower running or without; the ledger says so."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.clock import Clock
from certhia.freezing import ACCEPT
from certhia.store import Freeze, State
from certhia.testing import World


@pytest.fixture
def frozen(certhia: Command, log_list: str, state: Path, world: World) -> World:
    """A state with the first two logs frozen."""
    options = ("--log-list", log_list, "--state", state, "--from", "beginning", "--until", "now", "-q")
    assert certhia("watch", "example.com", *options).status == 0

    async def freeze() -> None:
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            for name in ("one", "two"):
                log_id = world.logs[name].id
                opened.writer.freeze(Freeze(log_id, 40, 1_795_000_000.0, f"reason of {name}", f"/evidence/{name}.json"))

    asyncio.run(freeze())
    return world


def test_without_a_follower(certhia: Command, frozen: World, log_list: str, state: Path) -> None:
    text = certhia("ledger", "first", "--state", state).out
    line = "  frozen at 40 2026-11-18T11:06:40.000Z, not accepted yet: reason of one; evidence: /evidence/one.json"
    assert line in text.splitlines()
    done = certhia("logs", "--accept", "First Log", "--state", state)
    assert (done.status, done.err) == (0, "")
    assert done.out == "accepted, and recorded in the ledger: goes on from its verified position 40\n"
    assert "accepted by hand 2" in certhia("ledger", "first", "--state", state).out
    (told,) = map(json.loads, certhia("ledger", "first", "--json", "--state", state).out.splitlines())
    (freeze,) = told["freezes"]
    assert (freeze["position"], freeze["reason"]) == (40, "reason of one")
    assert freeze["accepted"]
    assert certhia("fsck", "--state", state).status == 0
    frozen.grow(10)
    options = ("--log-list", log_list, "--state", state, "--until", "now", "-v")
    done = certhia("watch", "example.com", *options)
    assert done.status == 0, "a frozen log is no reason to fail"
    assert done.err.count("frozen at 40: reason of two") == 2, "at once, and in the summary"
    assert "frozen at 40: reason of one" not in done.err
    shown = certhia("logs", "--json", "--offline", "--log-list", log_list, "--state", state).out
    rows = {row["description"]: row for row in json.loads(shown)}
    assert rows["Second Log 2026"]["health"] == "frozen"
    assert rows["Second Log 2026"]["trouble"].startswith("frozen at 40: reason of two")
    assert certhia("fsck", "--state", state).status == 0


def test_by_way_of_a_follower(certhia: Command, frozen: World, state: Path) -> None:
    """One that holds the state's lock gets the request, and answers."""
    ready, over = threading.Event(), threading.Event()

    async def follow() -> None:
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            ready.set()
            while not over.is_set():
                for request in await opened.requests():
                    assert request.kind == ACCEPT
                    assert bytes.fromhex(request.payload) == frozen.logs["two"].id
                    opened.writer.answer(request.id, "taken up")
                    await opened.writer.durable()
                await asyncio.to_thread(over.wait, 0.05)

    thread = threading.Thread(target=lambda: asyncio.run(follow()))
    thread.start()
    try:
        assert ready.wait(10)
        done = certhia("logs", "--accept", frozen.logs["two"].model.url, "--state", state)
    finally:
        over.set()
        thread.join()
    assert (done.status, done.out) == (0, "taken up\n")


def test_which_log(certhia: Command, frozen: World, state: Path) -> None:
    done = certhia("logs", "--accept", "Third", "--state", state)
    assert (done.status, done.out) == (2, "")
    urls = ", ".join(frozen.logs[name].model.url for name in ("one", "two"))
    assert f'no frozen log in {state} is called "Third": there are {urls}' in done.err
    done = certhia("logs", "--accept", "Ops", "--state", state)
    assert done.status == 2
    assert '"Ops" may be any of 2 logs' in done.err
