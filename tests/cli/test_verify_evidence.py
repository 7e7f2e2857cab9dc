"""`certhia verify-evidence`: says in plain words what a file is worth, offline."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.logs.evidence import Evidence, SeenHead, encode
from certhia.testing import World
from certhia.testing.false_heads import signed


@pytest.fixture
def proof(world: World) -> Evidence:
    """Two heads of one size."""
    log = world.logs["two"]
    other = signed(log, 40, b"x" * 32, log.head.timestamp + 1)
    heads = (SeenHead(log.head.body, 1_795_000_000.0), SeenHead(other.body, 1_795_000_010.0))
    reason = "signed two heads of size 40"
    return Evidence(replace(log.model, operator="Ops\x1b[31m"), 1_795_000_010.0, reason, heads)


def write(path: Path, evidence: Evidence) -> Path:
    file = path / "evidence.json"
    file.write_bytes(encode(evidence))
    return file


def test_proof(certhia: Command, tmp_path: Path, proof: Evidence) -> None:
    done = certhia("verify-evidence", write(tmp_path, proof))
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"log: id {proof.log.id.hex()}"
    assert "its key is in no log list shipped with Certhia" in lines[1]
    claimed = "as the file says, not proven: "
    assert lines[2:5] == [
        f"{claimed}the log is Second Log 2026 ({proof.log.url}), Ops\\x1b[31m",
        f"{claimed}found 2026-11-18T11:06:50.000Z: signed two heads of size 40",
        f"{claimed}heads seen 2026-11-18T11:06:40.000Z, 2026-11-18T11:06:50.000Z",
    ]
    assert sum(line.startswith("holds: ") for line in lines) == 3
    assert lines[-1] == "proof: the log signed two different trees of 40 entries"


def test_what_nobody_signed_is_told_as_the_files_own_word(certhia: Command, tmp_path: Path, proof: Evidence) -> None:
    false = replace(proof.log, description="Google Argon 2099", operator="Google")
    heads = tuple(replace(head, at=1.0) for head in proof.heads)
    changed = replace(proof, log=false, heads=heads, at=2.0, reason="ate my homework")
    lines = certhia("verify-evidence", write(tmp_path, changed)).out.splitlines()
    assert lines[-1].startswith("proof: "), "that is signed, whatever else the file says"
    for text in ("Argon 2099", "Google", "homework", "1970"):
        assert [line for line in lines if text in line], "all of it is told"
        assert all(line.startswith("as the file says, not proven: ") for line in lines if text in line)


def test_nothing(certhia: Command, tmp_path: Path, proof: Evidence) -> None:
    done = certhia("verify-evidence", write(tmp_path, replace(proof, heads=proof.heads[:1])))
    assert done.status == 1
    assert done.out.splitlines()[-1] == "nothing: nothing in it contradicts anything else"
    broken = replace(proof.heads[1], raw=proof.heads[1].raw.replace(b"\n40\n", b"\n41\n"))
    done = certhia("verify-evidence", write(tmp_path, replace(proof, heads=(proof.heads[0], broken))))
    assert done.status == 1
    assert "FAILS: a head of " in done.out


def test_json(certhia: Command, tmp_path: Path, proof: Evidence) -> None:
    done = certhia("verify-evidence", "--json", write(tmp_path, proof))
    told = json.loads(done.out)
    assert (done.status, told["verdict"], told["listed_as"]) == (0, "proof", None)
    assert [head["tree_size"] for head in told["heads"]] == [40, 40]
    assert all(check["holds"] for check in told["checks"])
    assert told["claimed"]["reason"] == "signed two heads of size 40"
    assert told["lacks"] == []


def test_the_key_of_a_log_that_is_known(certhia: Command, tmp_path: Path, proof: Evidence) -> None:
    from certhia import data
    from certhia.logs.loglist import parse

    known = parse(data.google_list()[0], source="google").logs[0]
    done = certhia("verify-evidence", write(tmp_path, replace(proof, log=known)))
    assert f"its key is that of {known.description} in the log list shipped with Certhia" in done.out
    assert done.status == 1, "it did not sign these heads"


def test_other_files(certhia: Command, tmp_path: Path) -> None:
    done = certhia("verify-evidence", tmp_path / "missing.json")
    assert (done.status, done.out) == (2, "")
    assert "can't be read: No such file or directory" in done.err
    (tmp_path / "other.json").write_text('{"a": 1}')
    done = certhia("verify-evidence", tmp_path / "other.json")
    assert (done.status, done.out) == (1, "")
    assert "no evidence of Certhia's" in done.err
