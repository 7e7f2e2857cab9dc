"""`certhia matches`: what the state holds, as asked."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.store import State

NAMES = ("a.example.com", "example.com", "b.example.com", "example.net")


@pytest.fixture
def filled(state: Path) -> Path:
    """Four matches, a minute apart; the last was seen an hour ago."""

    async def fill() -> None:
        book, now = Book(), Clock().now()
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            opened.writer.log(book.log)
            for index, name in enumerate(NAMES):
                match = replace(book.match(index, name), seen=now - 3600 - 60 * (3 - index))
                if index == 2:
                    match = replace(match, hits=(replace(match.hits[0], programme="Other"),))
                opened.writer.match(match, ["sink"])

    asyncio.run(fill())
    return state


def names(certhia: Command, *arguments: object) -> list[str]:
    done = certhia("matches", "--format", "jsonl", *arguments)
    found = [json.loads(line)["all_domains"][0] for line in done.out.splitlines()]
    assert done.status == (0 if found else 1), done.err
    return found


def test_the_newest_first_and_a_page_of_them(certhia: Command, filled: Path) -> None:
    assert names(certhia, "--state", filled) == [*reversed(NAMES)]
    done = certhia("matches", "--state", filled, "--limit", "2", "--offset", "1", "--format", "jsonl")
    assert [json.loads(line)["matched_domain"] for line in done.out.splitlines()] == ["b.example.com", "example.com"]
    assert done.err == "more are there: --offset 3 shows them\n"
    assert names(certhia, "--state", filled, "--limit", "0", "--offset", "3") == ["a.example.com"]
    assert names(certhia, "--state", filled, "--offset", "4") == []


def test_what_was_asked_for(certhia: Command, filled: Path) -> None:
    assert names(certhia, "--state", filled, "--domain", "*.example.com") == ["b.example.com", "a.example.com"]
    assert names(certhia, "--state", filled, "--domain", "example.com", "--program", "other") == ["b.example.com"]
    assert names(certhia, "--state", filled, "--since", "3690s") == ["example.net", "b.example.com"]
    assert names(certhia, "--state", filled, "--until", "3690s") == ["example.com", "a.example.com"]
    assert names(certhia, "--state", filled, "--since", "1h") == []


def test_in_every_format(certhia: Command, filled: Path) -> None:
    line = certhia("matches", "--state", filled, "--limit", "1").out
    assert "example.net" in line
    assert "unverified" in line
    rows = list(csv.DictReader(io.StringIO(certhia("matches", "--state", filled, "-f", "csv").out)))
    assert [row["matched_domain"] for row in rows] == [*reversed(NAMES)]
    assert json.loads(certhia("matches", "--state", filled, "-f", "json", "--limit", "1").out)["index"] == 3


def test_what_makes_no_sense(certhia: Command, filled: Path, tmp_path: Path) -> None:
    for arguments in (("--since", "soon"), ("--domain", "!a.example"), ("--format", "xml")):
        done = certhia("matches", "--state", filled, *arguments)
        assert (done.status, done.out) == (2, ""), done.err
    done = certhia("matches", "--state", tmp_path / "nowhere")
    assert done.status == 1
    assert "there is no state here" in done.err
