"""ct-scout's positions from a real database of its own. Its files: tests/library/importing/test_positions.py."""

from __future__ import annotations

import asyncpg
import pytest
from tests.realservers.launching import LOOPBACK, Running
from tests.realservers.postgresql import USER

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.library.importing.positions import of_database

THEIRS = """
CREATE TABLE ct_log_state (
    log_url TEXT PRIMARY KEY,
    last_index BIGINT NOT NULL,
    last_updated TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
INSERT INTO ct_log_state VALUES ('https://ct.example.com/2026h1/', 12345678), ('https://ct.example.net/x/', 0)
"""


async def test_the_table_of_ct_scout(postgresql_server: Running) -> None:
    port = postgresql_server.place.port
    hand = await asyncpg.connect(host=LOOPBACK, port=port, user=USER, database="postgres")
    await hand.execute("CREATE DATABASE theirs")
    try:
        url = f"postgresql://{USER}@{LOOPBACK}:{port}/theirs?sslmode=require"
        with pytest.raises(
            StateError, match=r"ct_log_state cannot be read: .*does not exist; is it ct-scout's database"
        ):
            await of_database(url, Clock())
        theirs = await asyncpg.connect(url)
        await theirs.execute(THEIRS)
        await theirs.close()
        assert await of_database(url, Clock()) == {
            "https://ct.example.com/2026h1/": 12345678,
            "https://ct.example.net/x/": 0,
        }
    finally:
        await hand.execute("DROP DATABASE theirs")
        await hand.close()
