"""A leaf that is not there, and front ends that do not know the tree it is looked for in."""

from __future__ import annotations

import pytest

from certhia._core import Issuers
from certhia.logs.absence import Answer, look_again
from certhia.logs.client import client
from certhia.logs.pace import Paces
from certhia.net import Response
from certhia.testing import FakeLog, Fault, Request, World, in_simulated_time, old_head

KINDS = ["rfc6962", "hybrid"]


def grown(world: World, kind: str) -> FakeLog:
    """A log with a head of 20 entries and one of 30."""
    log: FakeLog = getattr(world, kind)("alpha")
    world.grow(20)
    world.grow(10)
    return log


def lags(size: int, every: int = 1) -> Fault:
    """Answers by a tree of `size` entries, one in `every` times."""

    def answer(request: Request) -> Response | None:
        return Response(400, b"tree_size is beyond this", {}) if int(request.query["tree_size"]) > size else None

    return Fault(answer, frozenset({"get-proof-by-hash"}), every=every)


async def look(world: World, log: FakeLog, leaf: bytes) -> Answer:
    one = client(log.model, world.transport(latency=0.01), Paces(world.clock), Issuers(), world.clock)
    return await look_again(one, leaf, await one.head(), world.clock)


def leaf_of(log: FakeLog, index: int) -> bytes:
    return bytes(log.tree.node(0, index))


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_a_leaf_that_is_in_no_tree(certhia_world: World, kind: str) -> None:
    log = grown(certhia_world, kind)
    answer = await look(certhia_world, log, b"x" * 32)
    assert (answer.index, answer.sure, answer.head.size) == (None, True, 30)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_front_ends_that_know_only_an_older_tree(certhia_world: World, kind: str) -> None:
    log = grown(certhia_world, kind)
    log.hooks.append(lags(20))
    for leaf in (b"x" * 32, leaf_of(log, 5)):
        answer = await look(certhia_world, log, leaf)
        assert (answer.index, answer.sure) == (None, False), "nothing is said of a tree that nobody knows"


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_an_entry_is_found_in_the_older_tree_that_a_front_end_shows(certhia_world: World, kind: str) -> None:
    log = grown(certhia_world, kind)
    early = log.heads[-2]
    assert early.size == 20
    one = client(log.model, certhia_world.transport(latency=0.01), Paces(certhia_world.clock), Issuers(), log.clock)
    head = await one.head()
    log.hooks += [lags(20), old_head(early)]
    answer = await look_again(one, leaf_of(log, 5), head, log.clock)
    assert (answer.index, answer.head.size) == (5, 20)


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_one_of_two_front_ends_lags(certhia_world: World, kind: str) -> None:
    log = grown(certhia_world, kind)
    log.hooks.append(lags(20, every=2))
    answer = await look(certhia_world, log, leaf_of(log, 25))
    assert (answer.index, answer.head.size) == (25, 30)
