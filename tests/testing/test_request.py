from __future__ import annotations

import json

import pytest

from certhia.testing import Request, World
from certhia.testing.request import Traffic, as_json, text


@pytest.mark.parametrize(
    "path, endpoint",
    [
        ("ct/v1/get-entries", "get-entries"),
        ("checkpoint", "checkpoint"),
        ("tile/0/x001/234.p/7", "tile/0"),
        ("tile/data/000", "tile/data"),
        ("issuer/00", "issuer"),
        ("log.v3.json", "log.v3.json"),
    ],
)
def test_endpoints(certhia_world: World, path: str, endpoint: str) -> None:
    log = certhia_world.static("alpha")
    assert Request("GET", path, {}, {}, log, 0.0).endpoint == endpoint


def test_ready_answers() -> None:
    refused = text(429, "slow down", {"retry-after": "3"})
    assert (refused.status, refused.body, refused.headers["retry-after"]) == (429, b"slow down\n", "3")
    assert json.loads(as_json({"a": 1}).body) == {"a": 1}
    assert Traffic({"a": 2, "b": 3}).total == 5
