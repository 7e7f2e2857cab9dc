"""`certhia entry`: one entry, proven to be in the log."""

from __future__ import annotations

import base64
import json

import pytest
from tests.cli.conftest import Command

from certhia._core import Certificate
from certhia.testing import World, fail, lag

NAMES = ("First Log", "Second Log", "Third Log")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("index", [0, 7, 39])
def test_all_fields(certhia: Command, log_list: str, world: World, name: str, index: int) -> None:
    done = certhia("entry", name, index, "--json", "--log-list", log_list)
    assert (done.status, done.err) == (0, "")
    shown = json.loads(done.out)
    (log,) = [log for log in world.logs.values() if log.settings.description.startswith(name)]
    assert shown["index"] == index
    assert shown["names"] == [f"host{index}.example.com"]
    assert shown["is_precert"] == (index % 2 == 1)
    assert shown["leaf_hash"] == log.tree.leaf(index).hex()
    assert shown["included_in"] == {
        "tree_size": 40,
        "root_hash": log.tree.root(40).hex(),
        "timestamp": log.head.timestamp,
    }
    assert len(shown["chain_sha256"]) == 2


@pytest.mark.parametrize("name", NAMES)
def test_with_its_chain(certhia: Command, log_list: str, world: World, name: str) -> None:
    done = certhia("entry", name, 4, "--json", "--chain", "--log-list", log_list)
    chain = [base64.b64decode(der) for der in json.loads(done.out)["chain"]]
    assert chain == [world.ca.intermediate, world.ca.root]


def test_pem(certhia: Command, log_list: str) -> None:
    done = certhia("entry", "Second Log", 4, "--pem", "--log-list", log_list)
    lines = done.out.splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    assert max(map(len, lines)) == 64
    assert Certificate.from_der(base64.b64decode("".join(lines[1:-1]))).names == ["host4.example.com"]
    chain = certhia("entry", "Second Log", 4, "--pem", "--chain", "--log-list", log_list).out
    assert chain.count("BEGIN CERTIFICATE") == 3


def test_for_people(certhia: Command, log_list: str) -> None:
    out = certhia("entry", "First Log", 3, "--log-list", log_list).out
    rows = {line[:10].strip(): line[11:] for line in out.splitlines()}
    assert rows["entry"] == "3, precertificate"
    assert rows["names"] == "host3.example.com"
    assert rows["proven in"].startswith("head of 40 entries")


def test_names_are_inert_and_few(certhia: Command, log_list: str, world: World) -> None:
    log = world.logs["one"]
    log.add(world.ca.issue(["\x1b[31mred.example", *(f"n{number}.example" for number in range(20))]))
    log.publish()
    out = certhia("entry", "First Log", 40, "--log-list", log_list).out
    assert "\x1b" not in out
    assert "and 11 more" in out


def test_by_url_and_by_id(certhia: Command, log_list: str, world: World) -> None:
    log = world.logs["two"]
    for named in (log.submission_url, log.url, log.id.hex(), base64.b64encode(log.id).decode()):
        done = certhia("entry", named, 1, "--json", "--log-list", log_list)
        assert done.status == 0, done.err
        assert json.loads(done.out)["log"] == "Second Log 2026"


@pytest.mark.parametrize(
    "named, said", [("nobody", 'no known log is called "nobody"'), ("Log 2026", "may be any of 3 logs")]
)
def test_which_log_is_meant(certhia: Command, log_list: str, named: str, said: str) -> None:
    done = certhia("entry", named, 0, "--log-list", log_list)
    assert done.status == 2
    assert said in done.err
    assert done.err.startswith("certhia: ")


def test_past_the_end(certhia: Command, log_list: str) -> None:
    done = certhia("entry", "First Log", 40, "--log-list", log_list)
    assert done.status == 2
    assert "the last index is 39" in done.err


@pytest.mark.parametrize("name", ["First Log", "Second Log"])
def test_what_is_not_proven_is_not_shown(certhia: Command, log_list: str, world: World, name: str) -> None:
    for log in world.logs.values():
        log.sign(40, root=b"x" * 32)
    done = certhia("entry", name, 5, "--log-list", log_list)
    assert done.status == 1
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


def test_a_server_that_fails(certhia: Command, log_list: str, world: World) -> None:
    world.logs["one"].hooks.append(fail(500))
    done = certhia("entry", "First Log", 5, "--log-list", log_list)
    assert done.status == 1
    assert "the server failed with 500" in done.err


def test_a_front_end_that_lags_a_moment(certhia: Command, log_list: str, world: World) -> None:
    world.logs["two"].hooks.append(lag(2, times=1, endpoints=("tile/data",)))
    assert certhia("entry", "Second Log", 5, "--log-list", log_list).status == 0
