from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from certhia.testing import SimClock, World


@pytest.fixture
def world(certhia_world: World) -> World:
    certhia_world.rfc6962("alpha", operator="One", log_type="test")
    certhia_world.static("beta", operator="One", description="Beta 2026", interval=None)
    certhia_world.hybrid("gamma", operator="Two", state=None)
    return certhia_world


def by_name(world: World) -> dict[str, dict[str, Any]]:
    listed = json.loads(world.log_list())
    return {
        log["description"]: log
        for operator in listed["operators"]
        for log in (*operator["logs"], *operator["tiled_logs"])
    }


def test_list_names_all_logs_under_their_operators(world: World) -> None:
    listed = json.loads(world.log_list())
    assert [(each["name"], len(each["logs"]), len(each["tiled_logs"])) for each in listed["operators"]] == [
        ("One", 1, 1),
        ("Two", 1, 0),
    ]
    assert listed["log_list_timestamp"] == "2026-11-20T12:00:00Z"
    logs = by_name(world)
    assert logs["alpha"]["url"] == "http://alpha.world.test/alpha/"
    assert logs["alpha"]["log_type"] == "test"
    assert logs["alpha"]["state"] == {"usable": {"timestamp": "2026-11-20T00:00:00Z"}}
    assert base64.b64decode(logs["alpha"]["log_id"]) == world.logs["alpha"].id
    assert logs["Beta 2026"]["monitoring_url"] == "http://beta.world.test/beta/"
    assert "url" not in logs["Beta 2026"]
    assert "temporal_interval" not in logs["Beta 2026"]
    assert "state" not in logs["gamma"]


def test_final_heads_are_listed(world: World) -> None:
    world.logs["alpha"].freeze()
    head = by_name(world)["alpha"]["state"]["readonly"]["final_tree_head"]
    assert (head["tree_size"], base64.b64decode(head["sha256_root_hash"])) == (0, world.logs["alpha"].tree.root())


def test_signature_fits_until_something_changes(world: World, certhia_clock: SimClock) -> None:
    key = serialization.load_pem_public_key(world.list_key.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    body = world.log_list()
    certhia_clock.advance(3600)
    assert world.log_list() == body
    key.verify(world.log_list_signature(), body, padding.PKCS1v15(), hashes.SHA256())
    world.rfc6962("delta")
    assert json.loads(world.log_list())["log_list_timestamp"] == "2026-11-20T13:00:00Z"


@pytest.mark.parametrize("name", ["alpha", "beta", "gamma"])
def test_logs_describe_themselves(world: World, name: str) -> None:
    log = world.logs[name]
    said = json.loads(world.handle("GET", f"{log.url}log.v3.json").body)
    assert base64.b64decode(said["key"]) == log.spki
    assert said["log_spec"] == ("static-ct-api" if name == "beta" else "rfc6962")
    assert said["submission_endpoint"]["url"] == log.submission_url
    assert said["status"] == "active"
