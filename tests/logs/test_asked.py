"""Requests, counted by log, by reason and by how they went."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.logs.bench import KINDS, Bench, fill, make

from certhia.errors import RemoteError
from certhia.logs.asked import Asked, Counted, Outcome, Reason, reason_of
from certhia.logs.lists import Lists
from certhia.logs.pace import Paces
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import SimClock, World, fail, in_simulated_time


@pytest.mark.parametrize(
    "path, reason",
    [
        ("checkpoint", Reason.HEAD),
        ("ct/v1/get-sth", Reason.HEAD),
        ("tile/data/x001/234.p/5", Reason.ENTRIES),
        ("ct/v1/get-entries?start=0&end=63", Reason.ENTRIES),
        ("tile/0/x001/234", Reason.PROOF),
        ("ct/v1/get-sth-consistency?first=1&second=2", Reason.PROOF),
        ("ct/v1/get-entry-and-proof?leaf_index=1&tree_size=2", Reason.PROOF),
        ("issuer/00ff", Reason.ISSUER),
    ],
)
def test_what_a_request_is_for(path: str, reason: Reason) -> None:
    assert reason_of(path) is reason


def test_counts() -> None:
    asked, other = Asked(), Asked()
    for outcome in (Outcome.OK, Outcome.OK, Outcome.THROTTLED):
        asked.note(Reason.ENTRIES, outcome)
    other.note(Reason.HEAD, Outcome.FAILED)
    total = Asked.sum([asked, other])
    assert (total.count(), total.count(Reason.ENTRIES), total.count(outcome=Outcome.OK)) == (4, 3, 2)
    assert total.count(Reason.ENTRIES, Outcome.THROTTLED) == 1
    assert total.as_json() == {"entries": {"ok": 2, "throttled": 1}, "head": {"failed": 1}}
    assert Asked().as_json() == {}


@pytest.mark.parametrize("kind", KINDS)
@in_simulated_time
async def test_all_that_a_log_is_asked_is_counted(certhia_world: World, kind: Protocol) -> None:
    log = make(certhia_world, kind)
    fill(certhia_world, log, 600)
    log.hooks += [fail(429, every=7, endpoints=["get-entries", "tile/data"]), fail(503, every=5, endpoints=["get-sth"])]
    bench = await Bench(certhia_world, log).follow(300)
    asked = bench.paces.asked[log.id]
    assert asked.count() == len(bench.wire.asked)
    for reason in Reason:
        urls = [url for url in bench.wire.asked if reason_of(url.removeprefix(log.url)) is reason]
        assert asked.count(reason) == len(urls)
    assert asked.count(Reason.HEAD, Outcome.OK) > 1
    assert (asked.count(Reason.HEAD, Outcome.FAILED) > 0) is (kind is not Protocol.STATIC)


@in_simulated_time
async def test_lists_are_counted(certhia_world: World, tmp_path: Path) -> None:
    place = "http://world.test/log_list.json"
    certhia_world.rfc6962("one")
    lists = Lists(certhia_world.transport(), certhia_world.clock, tmp_path, lists=(), files=(place,))
    await lists.load()
    assert lists.asked.as_json() == {"list": {"ok": 1}}


@in_simulated_time
async def test_a_counted_transport_tells_how_it_went(certhia_clock: SimClock) -> None:
    class Scripted:
        answers = iter([Response(200, b""), Response(429, b""), Response(404, b"")])
        closed = False

        async def get(self, url: str, **_: object) -> Response:
            answer = next(self.answers, None)
            if answer is None:
                raise RemoteError(f"{url}: gone")
            return answer

        async def close(self) -> None:
            self.closed = True

    asked, inner = Asked(), Scripted()
    counted = Counted(inner, asked, Reason.LIST)
    for _ in range(3):
        await counted.get("u")
    with pytest.raises(RemoteError):
        await counted.get("u")
    assert asked.as_json() == {"list": {"failed": 2, "ok": 1, "throttled": 1}}
    await counted.close()
    assert inner.closed
    assert Paces(certhia_clock).asked == {}


def test_an_answer_that_is_not_believed() -> None:
    asked = Asked()
    asked.note(Reason.HEAD, Outcome.OK)
    asked.reject(Reason.HEAD)
    assert asked.as_json() == {"head": {"rejected": 1}}
    assert asked.count() == 1
