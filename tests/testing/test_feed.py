from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from cryptography import x509

from certhia.testing import CA, Entry, SimClock, Submission, World
from certhia.testing.faults import find
from certhia.testing.feed import Population, read_entries


@contextmanager
def feed(*options: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    command = [sys.executable, "-m", "certhia.testing.feed", "--prefill", "20", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def get(url: str) -> bytes:
    with urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def test_says_where_it_is_and_ends_with_its_parent() -> None:
    with feed("--logs", "2", "--rate", "0") as (process, said):
        listed = json.loads(get(said["log_list"]))
        assert (
            sum(len(each["logs"]) + len(each["tiled_logs"]) for each in listed["operators"]) == len(said["logs"]) == 2
        )
        assert said["key"].startswith("-----BEGIN PUBLIC KEY-----")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_puts_a_certificate_where_it_is_told_to() -> None:
    with feed("--logs", "2", "--rate", "0") as (process, said):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"a.example b.example\n\n\xff\n")
        process.stdin.flush()
        put, *refused = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [set(one) for one in refused] == [{"error"}] * 2
        (log,) = [log for log in said["logs"] if log["name"] == put["log"]]
        assert put["index"] >= log["size"]
        assert (put["protocol"], put["id"]) == (log["protocol"], log["id"])


def test_ends_on_sigterm() -> None:
    with feed("--logs", "1") as (process, _):
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0


def test_ends_after_its_time() -> None:
    with feed("--logs", "1", "--seconds", "0.05") as (process, _):
        assert process.wait(10) == 0


def test_serves_entries_of_a_file(tmp_path: Path, certhia_ca: CA) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_bytes(
        b"no entry\n" + Entry(0, 1, Submission.of(certhia_ca.issue(["a.test"], precert=True))).json + b"\n"
    )
    with feed("--entries", str(path), "--count", "700", "--page", "100", "--full-speed") as (_, said):
        urls = {log["name"]: log["url"] for log in said["logs"]}
        assert [log["size"] for log in said["logs"]] == [700, 700]
        entries = json.loads(get(f"{urls['rfc']}ct/v1/get-entries?start=600&end=699"))["entries"]
        assert len({entry["leaf_input"] for entry in entries}) == 100
        assert get(f"{urls['static']}tile/data/001")[:2] == b"\x1f\x8b"


def test_corpus_entries_are_read(corpus: Path) -> None:
    entries = list(islice(read_entries(corpus / "ct-entries.jsonl.zst"), 500))
    assert {entry.is_precert for entry in entries} == {True, False}
    assert all(entry.chain for entry in entries)


def test_population_is_cross_posted_paired_and_not_all_decodable(certhia_clock: SimClock) -> None:
    world = World(certhia_clock)
    Population(world, 6, 150)
    assert list(world.logs) == ["argon", "tuscolo", "wyvern", "willow", "hetu", "argon-2"]
    assert all(abs(log.size - 150) < 30 for log in world.logs.values())
    tbs: dict[bytes, set[bool]] = {}
    broken = 0
    for log in world.logs.values():
        for entry in log.entries:
            source = Submission.parse(entry.leaf_input, entry.extra_data)
            try:
                certificate = x509.load_der_x509_certificate(source.precert or source.signed)
            except ValueError:
                broken += 1
                continue
            key = source.signed if source.is_precert else certificate.tbs_precertificate_bytes
            tbs.setdefault(key, set()).add(source.is_precert)
    assert broken == 3
    assert set(map(frozenset, tbs.values())) == {frozenset({True, False})}


def test_population_grows_by_what_is_asked(certhia_clock: SimClock) -> None:
    world = World(certhia_clock)
    population = Population(world, 2, 0)
    assert population.more(0.5) == 0
    added = population.more(10)
    assert added == sum(log.size for log in world.logs.values()) >= 10
    assert base64.b64encode(world.logs["argon"].head.root)


def test_a_fault_comes_over_a_log_that_can_have_it() -> None:
    command = [sys.executable, "-m", "certhia.testing.feed", "--prefill", "20", "--fault-after", "0"]
    with subprocess.Popen(
        [*command, "--fault", "L05", "--fault=redirected"], stdin=subprocess.PIPE, stdout=-1, stderr=-1
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            said = json.loads(process.stdout.readline())
            told = [process.stderr.readline().decode() for _ in range(2)]
        finally:
            process.kill()
    kinds = {log["name"]: log["protocol"] for log in said["logs"]}
    assert [kinds[line.split()[3]] for line in told] == ["static", "rfc6962"]
    assert "L05 flipped-tile" in told[0]


@pytest.mark.parametrize(
    "options, message",
    [(["--fault", "L5"], "did you mean L05"), (["--fault", "L05", "--logs", "1"], "none of the 1 logs can have it")],
)
def test_faults_that_cannot_be(options: list[str], message: str) -> None:
    command = [sys.executable, "-m", "certhia.testing.feed", "--prefill", "1", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    assert message in done.stderr


def test_a_frozen_log_takes_nothing_more(certhia_clock: SimClock) -> None:
    world = World(certhia_clock)
    population = Population(world, 3, 5)
    find("L23").install(world, world.logs["argon"])
    before = world.logs["argon"].size
    population.more(60)
    assert world.logs["argon"].size == before == len(world.logs["argon"].entries)
    assert world.logs["argon-next"].size > 5
