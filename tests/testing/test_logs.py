from __future__ import annotations

import pytest

from certhia.clock import utc
from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import FakeLog, RawEntry, Request, SimClock, Tree, World, templates


@pytest.fixture
def log(certhia_world: World) -> FakeLog:
    return certhia_world.rfc6962("alpha")


def test_entries_show_when_they_are_published(log: FakeLog, certhia_world: World) -> None:
    assert (log.size, log.head.root) == (0, Tree().root())
    (entry,) = log.add(certhia_world.ca.issue(["a.test"]))
    assert (len(log), log.size, entry.index) == (1, 0, 0)
    head = log.publish()
    assert (log.size, head.root, log.head, log.heads[-1]) == (1, log.tree.leaf(0), head, head)


def test_heads_can_stand_for_less_and_lie(log: FakeLog, certhia_world: World) -> None:
    certhia_world.grow(5)
    assert log.sign(3, timestamp=17).root == log.tree.root(3)
    assert (log.head.size, log.head.timestamp) == (3, 17)
    assert log.sign(5, root=bytes(32)).root == bytes(32)


def test_a_head_without_news_is_signed_anew(log: FakeLog, certhia_clock: SimClock) -> None:
    before = log.publish()
    certhia_clock.advance(60)
    after = log.publish()
    assert (before.root, before.size) == (after.root, after.size)
    assert after.timestamp - before.timestamp == 60_000


def test_templates_fill_a_log_with_different_entries(log: FakeLog, certhia_world: World) -> None:
    ca = certhia_world.ca
    log.extend_raw(templates([ca.issue(["a.test"]), ca.issue(["b.test"], precert=True)]), 1000, timestamp=5)
    log.publish()
    assert len({entry.leaf_input for entry in log.entries}) == log.size == 1000
    assert [log.entries[at].timestamp for at in (0, 999)] == [5, 1004]
    assert log.tree.root() == Tree(log.tree.leaf(at) for at in range(1000)).root()


def test_positions_are_found_by_leaf_hash(log: FakeLog, certhia_world: World) -> None:
    certhia_world.grow(3)
    assert log.position(log.tree.leaf(2)) == 2
    twice = RawEntry(b"twice")
    log.add(twice, twice)
    assert log.position(log.tree.leaf(4)) == 3
    assert log.position(bytes(32)) is None


def test_model_describes_it(certhia_world: World, certhia_clock: SimClock) -> None:
    log = certhia_world.static("beta", operator="Op", state="qualified")
    model = log.model
    assert (model.id, model.key, model.operator, model.protocol) == (log.id, log.spki, "Op", Protocol.STATIC)
    assert (model.mmd, model.state, model.origin) == (60, "qualified", "beta.world.test/beta")
    assert model.monitoring_url == "http://beta.world.test/beta/"
    assert model.submission_url == "https://beta.world.test/beta/"
    assert model.state_since == utc(certhia_clock.now() // 86400 * 86400)


def test_freezing_makes_it_read_only(log: FakeLog, certhia_world: World) -> None:
    certhia_world.grow(3)
    final = log.freeze()
    assert (final.size, final.root) == (3, log.tree.root())
    assert (log.model.state, log.model.final) == ("readonly", final)


def test_hooks_come_first_in_order(log: FakeLog, certhia_world: World) -> None:
    seen: list[str] = []

    def watch(request: Request) -> None:
        seen.append(request.endpoint)

    log.on_request = watch
    log.hooks = [lambda _: Response(418, b""), lambda _: Response(500, b"")]
    assert certhia_world.handle("GET", f"{log.url}ct/v1/get-sth").status == 418
    log.hooks.clear()
    assert certhia_world.handle("GET", f"{log.url}ct/v1/get-sth").status == 200
    assert seen == ["get-sth", "get-sth"]
    assert (log.traffic.requests, log.traffic.statuses) == ({"get-sth": 2}, {418: 1, 200: 1})
    assert (log.traffic.total, log.recent[-1].path) == (2, "ct/v1/get-sth")


def test_what_makes_no_sense_is_refused(certhia_world: World) -> None:
    with pytest.raises(ValueError, match="'p256' or 'rsa'"):
        certhia_world.rfc6962("gamma", key="dsa")


def test_rsa_logs_sign_too(certhia_world: World) -> None:
    assert certhia_world.rfc6962("gamma", key="rsa").head.body
