"""Who reads ct-scout's tables finds them, with its columns, types and indexes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import asyncpg
import pytest
from tests.realservers.launching import Running
from tests.store.conftest import emptied

from certhia.clock import Clock
from certhia.store import State
from certhia.store.address import address
from certhia.store.place import Place

if TYPE_CHECKING:
    from tests.store.conftest import Book

# As ct-scout 3.0 makes them (src/database/postgres.rs).
MATCHES = {
    "id": "bigint",
    "timestamp": "bigint",
    "matched_domain": "text",
    "all_domains": "ARRAY",
    "cert_index": "bigint",
    "not_before": "bigint",
    "not_after": "bigint",
    "fingerprint": "text",
    "program_name": "text",
    "seen_unix": "double precision",
    "created_at": "timestamp with time zone",
}
STATE = {"log_url": "text", "last_index": "bigint", "last_updated": "timestamp with time zone"}
INDEXES = {"idx_matches_matched_domain", "idx_matches_timestamp", "idx_matches_program_name"}
QUERY = (
    "SELECT timestamp, matched_domain, all_domains, cert_index, not_before, not_after, fingerprint, program_name, "
    "seen_unix FROM matches WHERE matched_domain LIKE '%.example.com' AND program_name = 'programme' "
    "ORDER BY timestamp DESC LIMIT 2"
)


async def columns(hand: asyncpg.Connection[asyncpg.Record], schema: str, table: str) -> dict[str, str]:
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema=$1 AND table_name=$2"
    return {row[0]: row[1] for row in await hand.fetch(query, schema, table)}


@pytest.mark.parametrize("beside", [False, True])
async def test_its_tables_as_views(postgresql_server: Running, tmp_path: Path, book: Book, beside: bool) -> None:
    url = await emptied(postgresql_server)
    hand = await asyncpg.connect(url)
    await hand.execute("DROP VIEW IF EXISTS matches, ct_log_state")
    if beside:  # its own tables are there: they stay as they are
        await hand.execute("CREATE TABLE matches (id bigserial)")
    async with await State.open(Place(tmp_path, address(url)), clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 9))
        state.writer.step(book.step(9))
        names = ("a.example.com", "nul\0.example.com", "\udcff.example.com", "\U0001f600.example.com")
        for index, name in enumerate(names):
            state.writer.match(book.match(index, name), ["a"])
        state.writer.match(replace(book.match(7, "other.example.net"), hits=(), key=b"other"), ["a"])
        await state.writer.durable()
        schema = "ct_scout" if beside else "public"
        if beside:
            await hand.execute(f"SET search_path = {schema}")
        assert await columns(hand, schema, "matches") == MATCHES
        assert await columns(hand, schema, "ct_log_state") == STATE
        newest, second = await hand.fetch(QUERY)
        assert newest["matched_domain"] == "\ufffd\ufffd.example.com"
        assert second["matched_domain"] == "\ufffd.example.com"
        first = await hand.fetchrow("SELECT * FROM matches ORDER BY id LIMIT 1")
        match = book.match(0, "a.example.com")
        assert dict(first) | {"created_at": None} == {
            "id": 1,
            "timestamp": int(match.seen),
            "matched_domain": "a.example.com",
            "all_domains": ["a.example.com", "b\u00fccher.example", "\ufffd"],
            "cert_index": 0,
            "not_before": match.not_before,
            "not_after": match.not_after,
            "fingerprint": match.sha256.hex(),
            "program_name": "programme",
            "seen_unix": match.seen,
            "created_at": None,
        }
        assert first["created_at"].timestamp() == match.seen
        assert await hand.fetchval("SELECT program_name FROM matches WHERE id = 5") is None
        (position,) = await hand.fetch("SELECT log_url, last_index FROM ct_log_state")
        assert tuple(position) == (book.log.url, 9)
        found = await hand.fetch("SELECT indexname FROM pg_indexes WHERE schemaname = 'certhia_state'")
        assert {row[0] for row in found} >= INDEXES
        await hand.execute("SET enable_seqscan = off")
        plan = await hand.fetch("EXPLAIN SELECT * FROM matches WHERE matched_domain = 'a.example.com'")
        assert "idx_matches_matched_domain" in "".join(row[0] for row in plan)
    await (await State.open(Place(tmp_path, address(url)), clock=Clock(), follow=True)).close()  # and again
    if beside:
        await hand.execute("DROP TABLE public.matches")
    await hand.close()


async def test_a_name_may_be_longer_than_an_index_takes(postgresql_server: Running, tmp_path: Path, book: Book) -> None:
    """A certificate may hold anything: it must not end whoever follows; also where the index is of earlier versions."""
    url = await emptied(postgresql_server)
    hand = await asyncpg.connect(url)
    await hand.execute("DROP VIEW IF EXISTS matches, ct_log_state")
    place, random = Place(tmp_path, address(url)), Random(1)
    async with await State.open(place, clock=Clock(), follow=True):
        await hand.execute(
            "CREATE OR REPLACE FUNCTION certhia_state.program_name(payload text) RETURNS text LANGUAGE sql IMMUTABLE "
            "PARALLEL SAFE RETURN nullif(certhia_state.document(payload) #>> '{hits,0,4}', '')"
        )
    name = "".join(random.choice("abcdefghij\u00fc") for _ in range(9000)) + ".example.com"
    async with await State.open(place, clock=Clock(), follow=True) as state:
        state.writer.log(book.log)
        match = book.match(1, name)
        hits = (replace(match.hits[0], name=name, programme=name[::-1]),)
        state.writer.match(replace(match, hits=hits, names=(name,)), ["a"])
        await state.writer.durable()
        assert [one.match.names for one in await state.matches()] == [(name,)]
    (row,) = await hand.fetch("SELECT matched_domain, program_name, all_domains FROM matches")
    assert (row[0], row[1], row[2]) == (name[:500], name[::-1][:500], [name])
    await hand.close()
