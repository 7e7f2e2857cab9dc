"""`certhia probes`: what was found, and what waits, as the state holds it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import jsonschema
import pytest
from tests.cli.conftest import Command
from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.library.probed import schema
from certhia.store import State, probes
from certhia.store.probes import Finding, Probe, Wish

AT = 1_795_000_000.0  # Unix seconds


@pytest.fixture
def filled(state: Path) -> Path:
    """Two probes that were done and two that wait, of one match."""

    async def fill() -> None:
        book = Book()
        async with await State.open(state, clock=Clock(), follow=True) as opened:
            opened.writer.log(book.log)
            match = book.match(0)
            opened.writer.match(match, ["sink"])
            await opened.writer.durable()
            names = ("shop.example.com", "www.example.net")
            wishes = [Wish(match.key, name, 443, stage, AT + stage) for name in names for stage in (0, 300)]
            await probes.add(opened.writer, wishes)
            first, second = (Probe(1, match, name, 443, 0, AT) for name in names)
            served = Finding("served", AT + 1, "", "45.33.32.156", b"\1" * 32)
            other = Finding("other", AT + 60, "", "2001:db8::1", b"\2" * 32)
            await probes.settle(opened.writer, [(first, served), (second, other)])

    asyncio.run(fill())
    return state


def test_what_was_found_for_people(certhia: Command, filled: Path) -> None:
    done = certhia("probes", "--state", filled)
    sha256 = Book().match(0).sha256.hex()[:16]
    assert (done.status, done.out.splitlines()) == (
        0,
        [
            "2026-11-18 11:07:40  www.example.net:443 serves another certificate at 2001:db8::1  "
            f"certificate {sha256}, shown 0202020202020202",
            f"2026-11-18 11:06:41  shop.example.com:443 serves this certificate at 45.33.32.156  certificate {sha256}",
        ],
    )
    assert done.err == "2 probes wait: --waiting shows them\n"


def test_what_waits(certhia: Command, filled: Path) -> None:
    done = certhia("probes", "--waiting", "--state", filled, "--domain", "shop.example.com")
    (line,) = done.out.splitlines()
    assert line.startswith("2026-11-18 11:11:40  shop.example.com:443 is to be asked, 5m after it was logged  cert")
    assert done.err == ""


def test_for_programs(certhia: Command, filled: Path) -> None:
    shown = [certhia("probes", "--format", "jsonl", "--state", filled, *more).out for more in ((), ("--waiting",))]
    told = [json.loads(line) for line in "".join(shown).splitlines()]
    for one in told:
        jsonschema.validate(one, schema())
    assert [(one["name"], one["outcome"], one["stage"]) for one in told] == [
        ("www.example.net", "other", "now"),
        ("shop.example.com", "served", "now"),
        ("shop.example.com", "waiting", "5m"),
        ("www.example.net", "waiting", "5m"),
    ]
    assert [(one["at"] is None, one["due"] is None) for one in told] == [(False, True)] * 2 + [(True, False)] * 2


def test_what_was_asked_for(certhia: Command, filled: Path) -> None:
    def names(*arguments: str) -> list[str]:
        done = certhia("probes", "--format", "jsonl", "--state", filled, *arguments)
        assert done.status == (0 if done.out else 1)
        return [json.loads(line)["name"] for line in done.out.splitlines()]

    assert names("--domain", "*.example.com") == ["shop.example.com"]
    assert names("--domain", "=example.com") == []
    assert names("--since", "2026-11-18T11:07:10Z") == ["www.example.net"]
    assert names("--outcome", "served,nothing") == ["shop.example.com"]
    assert names("--limit", "1") == ["www.example.net"]
    assert "more are there: --limit 2" in certhia("probes", "--limit", "1", "--state", filled).err


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("--since", "soon"), "--since"),
        (("--outcome", "seen"), "write some of served, other"),
        (("--format", "csv"), "write human or jsonl"),
        (("--waiting", "--since", "1h"), "leave --since and --outcome out"),
        (("--domain", "!example.com"), "--domain"),
    ],
)
def test_what_makes_no_sense(certhia: Command, filled: Path, arguments: tuple[str, ...], said: str) -> None:
    done = certhia("probes", "--state", filled, *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_state_that_is_not_there(certhia: Command, tmp_path: Path) -> None:
    done = certhia("probes", "--state", tmp_path / "nowhere")
    assert (done.status, done.out) == (1, "")
    assert "there is no state here" in done.err
