"""The state in PostgreSQL, of whole processes: killed at any moment, or standing still while another takes over."""

from __future__ import annotations

import asyncio
import random
import re
import signal
from collections.abc import Iterator

import asyncpg
import pytest
from tests.e2e.conftest import Certhia
from tests.e2e.test_kill import Trap, killed_once, told_once, trap, trapped
from tests.e2e.worlds import Served
from tests.realservers.launching import LOOPBACK, Running, running
from tests.realservers.postgresql import USER, pgbouncer, postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
__all__ = ["trap", "trapped"]  # fixtures

KILLS = 20
TAKEN_OVER = 60.0  # seconds: the lease lasts 15, a transaction that stands still 10


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with postgresql() as started:
        yield started


@pytest.fixture
async def database(server: Running) -> str:
    """A URL of a fresh database."""
    hand = await asyncpg.connect(host=LOOPBACK, port=server.place.port, user=USER, database="postgres")
    await hand.execute("DROP DATABASE IF EXISTS whole WITH (FORCE)")
    await hand.execute("CREATE DATABASE whole")
    await hand.close()
    return f"postgresql://{USER}@{LOOPBACK}:{server.place.port}/whole"


def test_killed_at_random_moments(certhia: Certhia, trapped: Served, trap: Trap, database: str) -> None:
    certhia.where = database
    choose = random.Random(11)
    names: set[str] = set()
    for _ in range(KILLS):
        killed_once(certhia, trapped, trap, choose, names)
    certhia.read(trapped, "example.com", "-o", "all.jsonl")
    certhia.is_sound()
    assert set(certhia.positions(trapped).values()) == {(len(names), len(names))}
    told_once(certhia, names)


@pytest.mark.parametrize("pooled", [False, True], ids=["direct", "pooled"])
def test_one_that_stood_still_moves_nothing_any_more(
    certhia: Certhia, pair: Served, server: Running, database: str, pooled: bool
) -> None:
    """Two processes, on two machines as far as they know: the first is stopped for longer than its leases last."""
    if not pooled:
        stood_still(certhia, pair, database)
        return
    with running(pgbouncer(server.place.port)) as pooler:
        stood_still(certhia, pair, database.replace(f":{server.place.port}/", f":{pooler.place.port}/"))


def stood_still(certhia: Certhia, pair: Served, url: str) -> None:
    certhia.where = url
    first = certhia.watch(pair, "example.com", "-f", "jsonl", environment=machine(certhia, "one"))
    first.until(lambda: len(first.records) == 20)
    first.kill(signal.SIGSTOP)
    told, new = first.out, set(pair.grow(5))

    second = certhia.watch(pair, "example.com", "-f", "jsonl", environment=machine(certhia, "two"))
    second.until(lambda: new <= names_of(second.records), within=TAKEN_OVER)
    before = leases(url)
    first.kill(signal.SIGCONT)
    assert first.end() == 1
    # Stopped inside a transaction it finds that gone, with its connection; else that its leases are another's.
    assert re.search(r"another instance follows logs with this state|stood still|connection", first.err), first.err
    assert first.out == told, "it tells nobody of anything any more"
    assert leases(url) == before

    new |= {*pair.grow(5)}
    second.until(lambda: new <= names_of(second.records))
    second.stop()  # the other log may not be as far
    certhia.read(pair, "example.com", "-o", "rest.jsonl")
    certhia.is_sound()
    stored = certhia.done("matches", "--limit", "0", "-f", "jsonl", "--state", url).records
    assert sorted(names_of(stored)) == sorted(f"host{index}.example.com" for index in range(30))
    assert len(stored) == 30
    assert set(certhia.positions(pair).values()) == {(30, 30)}


def machine(certhia: Certhia, name: str) -> dict[str, str]:
    """A home that no other process has: whoever has another's files is the same instance again."""
    return {"XDG_STATE_HOME": str(certhia.directory / name)}


def names_of(records: list[dict[str, object]]) -> set[str]:
    return {str(record["matched_domain"]) for record in records}


def leases(url: str) -> list[tuple[object, ...]]:
    """Who holds which log, by which fence."""

    async def read() -> list[tuple[object, ...]]:
        hand = await asyncpg.connect(url, statement_cache_size=0)
        try:
            rows = await hand.fetch("SELECT log, holder, fence FROM certhia_state.leases ORDER BY log")
            return [tuple(row) for row in rows]
        finally:
            await hand.close()

    return asyncio.run(read())
