from __future__ import annotations

import pytest

from certhia.errors import CerthiaError
from certhia.logs.heads import read_checkpoint, read_sth
from certhia.model import Head
from certhia.testing import FakeLog, Fault, World
from certhia.testing import false_heads as f


@pytest.fixture(params=["rfc6962", "static"])
def log(request: pytest.FixtureRequest, certhia_world: World) -> FakeLog:
    made: FakeLog = getattr(certhia_world, request.param)("alpha")
    certhia_world.grow(30)
    return made


def shown(world: World, log: FakeLog, fault: Fault) -> Head:
    """The head that the log shows, its signature checked."""
    log.hooks[:] = [fault]
    static = log.settings.leaf_index
    body = world.handle("GET", log.url + ("checkpoint" if static else "ct/v1/get-sth")).body
    return (read_checkpoint if static else read_sth)(log.model, body)


def test_heads_that_must_be_rejected(certhia_world: World, log: FakeLog) -> None:
    for kind in f.BAD_NOTES if log.settings.leaf_index else f.BAD_STHS:
        with pytest.raises(CerthiaError):
            shown(certhia_world, log, f.bad_head(kind))


def test_lies_whose_signature_holds(certhia_world: World, log: FakeLog) -> None:
    honest = shown(certhia_world, log, f.time_travel(0))
    assert (honest.size, honest.root) == (30, log.tree.root())
    other = shown(certhia_world, log, f.split_view(every=1))
    assert other.size == 30
    assert other.root != honest.root
    late = shown(certhia_world, log, f.time_travel(86400))
    assert late.timestamp - honest.timestamp == 86_400_000
    assert shown(certhia_world, log, f.giant_tree()).size == (1 << 63) - 1


def test_a_log_that_stands_still(certhia_world: World, log: FakeLog) -> None:
    still = f.frozen(log)
    certhia_world.grow(5)
    assert shown(certhia_world, log, still).size == 30


def test_every_second_head_is_another_view(certhia_world: World, log: FakeLog) -> None:
    fault = f.split_view()
    roots = [shown(certhia_world, log, fault).root for _ in range(4)]
    assert len(set(roots)) == 2
