from __future__ import annotations

import json

import pytest

from certhia.net import Response
from certhia.testing import SimClock, World


def test_same_seed_same_world() -> None:
    def bodies(seed: int) -> list[bytes]:
        world = World(SimClock(), seed)
        for make in (world.rfc6962, world.static, world.hybrid):
            make(make.__name__)
        world.grow(20)
        return [world.log_list(), *(log.head.body for log in world.logs.values())]

    assert bodies(1) == bodies(1) != bodies(2)


def test_growth_is_the_same_everywhere_and_never_again(certhia_world: World) -> None:
    one, other = certhia_world.rfc6962("one"), certhia_world.static("other")
    first, second = certhia_world.grow(3), certhia_world.grow(2)
    assert [issued.names[0] for issued in first + second] == [f"host{n}.example.com" for n in range(5)]
    assert [issued.is_precert for issued in first] == [False, True, False]
    assert one.size == other.size == 5
    assert [entry.leaf_input[2:-2] for entry in one.entries] == [entry.leaf_input[2:-10] for entry in other.entries]


def test_routes(certhia_world: World) -> None:
    log = certhia_world.static("alpha")
    certhia_world.pages["https://lists.test/x.json"] = Response(200, b"{}")
    certhia_world.pages["/path"] = Response(202, b"here")
    for url, status in (
        (log.url + "checkpoint", 200),
        ("http://any.host.test/alpha/checkpoint", 200),
        ("/alpha/checkpoint?x=1", 200),
        ("http://world.test/log_list.json", 200),
        ("http://world.test/log_list.sig", 200),
        ("http://world.test/", 200),
        ("https://lists.test/x.json", 200),
        ("http://world.test/path", 202),
        ("http://world.test/beta/checkpoint", 404),
    ):
        assert certhia_world.handle("GET", url).status == status, url
    assert json.loads(certhia_world.handle("GET", "/").body) == {"alpha": log.url}


def test_names_are_unique_and_fit_into_urls(certhia_world: World) -> None:
    certhia_world.static("alpha")
    for name in ("alpha", "", "a/b"):
        with pytest.raises(ValueError, match="name of its own"):
            certhia_world.rfc6962(name)
