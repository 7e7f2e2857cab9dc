"""A real PostgreSQL: over TLS, through a pooler, refused, gone; and nothing that outlives a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import Connection, event
from tests.realservers.launching import LOOPBACK, ROOT, Running, running
from tests.realservers.postgresql import USER, await_ready, pgbouncer, postgresql
from tests.store.conftest import emptied

from certhia.clock import Clock
from certhia.errors import StateError
from certhia.logs.heads import check_head
from certhia.store import State
from certhia.store.address import address
from certhia.store.fsck import check
from certhia.store.place import Place
from certhia.store.postgres import Postgres
from certhia.testing.authority import Authority

if TYPE_CHECKING:
    from tests.store.conftest import Book

ROUNDS = 30


@pytest.fixture(scope="module")
def pooler(postgresql_server: Running) -> Iterator[Running]:
    """PgBouncer in transaction mode: of two connections each transaction gets the other one."""
    with running(pgbouncer(postgresql_server.place.port)) as server:
        yield server


async def opened(path: Path, url: str, *, follow: bool = True) -> State:
    return await State.open(Place(path, address(url)), clock=Clock(), follow=follow)


async def test_through_a_pooler_that_gives_connections_by_the_transaction(
    postgresql_server: Running, pooler: Running, tmp_path: Path, book: Book
) -> None:
    await emptied(postgresql_server)
    url = f"postgresql://anybody@{LOOPBACK}:{pooler.place.port}/postgres"
    async with await opened(tmp_path, url) as state, await opened(tmp_path, url, follow=False) as beside:
        writer = state.writer
        writer.log(book.log)
        writer.step(book.anchor(0, ROUNDS))
        for index in range(ROUNDS):
            writer.match(book.match(index), ["a"])
            writer.step(book.step(index + 1, ROUNDS))
            reading = [beside.matches(limit=5), beside.find([book.match(index).key]), state.pending("a", limit=5)]
            _, *seen = await asyncio.gather(writer.durable(), *reading)
            assert len(seen) == len(reading)
            writer.delivered("a", [index + 1])
            await writer.durable()
        number = await beside.request("kind", "payload")
        assert [one.id for one in await state.requests()] == [number]
        assert [row.seq async for row in beside.steps()] == [*range(ROUNDS + 1)]
        assert await check(beside, check_head) == []
    console = await asyncpg.connect(host=LOOPBACK, port=postgresql_server.place.port, user=USER, database="postgres")
    connections = await console.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'certhia'")
    await console.close()
    assert 1 <= connections <= 2, "all went through the pooler's two"


async def test_over_tls_that_is_checked(postgresql_server: Running, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    root.write_text(ROOT.pem)
    url = f"{await emptied(postgresql_server)}?sslmode=verify-full&sslrootcert={root}"
    async with await opened(tmp_path, url) as state, state.engine.connect() as connection:
        query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert (await connection.exec_driver_sql(query)).scalar() is True
    with pytest.raises(StateError, match=r"(?i)certificate verify failed"):
        await opened(tmp_path / "other", url.replace(str(root), str(_another(tmp_path))))


def _another(folder: Path) -> Path:
    """A root that made nothing here."""

    path = folder / "another.pem"
    path.write_text(Authority.root("Another").pem)
    return path


async def test_what_can_not_be_reached_is_said_so(postgresql_server: Running, tmp_path: Path) -> None:
    port = postgresql_server.place.port
    for url, message in (
        (f"postgresql://{USER}:s3cret@{LOOPBACK}:1/n", r"127\.0\.0\.1:1/n: .*: see that PostgreSQL runs there"),
        (
            f"postgresql://{USER}:s3cret@{LOOPBACK}:{port}/nothing",
            r'database "nothing" does not exist: createdb makes it',
        ),
        (f"postgresql://nobody:s3cret@{LOOPBACK}:{port}/postgres", r'role "nobody" does not exist: see that user and'),
    ):
        for follow in (True, False):
            with pytest.raises(StateError, match=message) as caught:
                await opened(tmp_path, url, follow=follow)
            assert "s3cret" not in str(caught.value)
    url = await emptied(postgresql_server)
    with pytest.raises(StateError, match="there is no state here"):
        await opened(tmp_path, url, follow=False)
    hand = await asyncpg.connect(url)
    await hand.execute("CREATE ROLE poor LOGIN")
    with pytest.raises(StateError, match="permission denied for database postgres: the user must own the database"):
        await opened(tmp_path, url.replace(USER, "poor"))
    await hand.execute("DROP ROLE poor")
    await hand.close()


async def test_readers_change_nothing(postgresql_server: Running, tmp_path: Path) -> None:
    url = await emptied(postgresql_server)
    await (await opened(tmp_path, url)).close()
    async with await opened(tmp_path, url, follow=False) as state, state.engine.connect() as connection:
        with pytest.raises(Exception, match="read-only transaction"):
            await connection.exec_driver_sql("DELETE FROM meta")


async def test_a_commit_that_fails_ends_everything_and_nothing_of_it_is_there(
    postgresql_server: Running, tmp_path: Path, book: Book
) -> None:
    url = await emptied(postgresql_server)
    async with await opened(tmp_path, url) as state:
        state.writer.log(book.log)
        state.writer.match(book.match(1), ["a"])
        await state.writer.durable()
        hand = await asyncpg.connect(url)
        await hand.execute("ALTER TABLE certhia_state.deliveries ADD CONSTRAINT full_ CHECK (id < 2)")
        state.writer.step(book.anchor(0, 4))
        state.writer.match(book.match(2), ["a"])
        with pytest.raises(StateError, match=r"full_.*: what was committed before is safe: start again"):
            await state.writer.durable()
        with pytest.raises(StateError, match="full_"):
            state.writer.match(book.match(3), ["a"])
        await hand.execute("ALTER TABLE certhia_state.deliveries DROP CONSTRAINT full_")
        await hand.close()
    async with await opened(tmp_path, url) as state:
        assert [one.match.sighting.index for one in await state.matches()] == [1]
        assert await state.positions() == {}
        assert await check(state, check_head) == []


@pytest.mark.parametrize("done", [True, False], ids=["committed", "not committed"])
async def test_a_commit_whose_answer_never_comes(
    postgresql_server: Running, tmp_path: Path, book: Book, done: bool
) -> None:
    """Committed or not: the process ends, and the next one comes to the same end."""
    url = await emptied(postgresql_server)

    def silence(connection: Connection) -> None:
        if done:
            connection.connection.commit()
        raise ConnectionResetError(104, "Connection reset by peer")

    async def follow(state: State) -> None:
        state.writer.log(book.log)
        for index in range(3):
            if not await state.find([book.match(index).key]):
                state.writer.match(book.match(index), ["a"])
        if state.writer.position(book.log.id) is None:
            state.writer.step(book.anchor(0, 4))
        await state.writer.durable()

    async with await opened(tmp_path, url) as state:
        assert state._writers is not None
        event.listen(state._writers.sync_engine, "commit", silence, once=True)
        with pytest.raises(StateError, match="Connection reset by peer: see that PostgreSQL runs there"):
            await follow(state)
    for _ in range(2):
        async with await opened(tmp_path, url) as state:
            await follow(state)
            assert [(one.id, one.match.sighting.index) for one in await state.pending("a")] == [(1, 0), (2, 1), (3, 2)]
            assert (await state.positions())[book.log.id].end == 0
            assert await check(state, check_head) == []


async def test_a_server_that_is_killed_loses_nothing_that_was_acknowledged(tmp_path: Path, book: Book) -> None:
    with postgresql() as server:
        url = f"postgresql://{USER}@{LOOPBACK}:{server.place.port}/postgres"
        state = await opened(tmp_path, url)
        state.writer.log(book.log)
        state.writer.step(book.anchor(0, 64))
        told = 0

        async def follow() -> None:
            nonlocal told
            for index in range(64):
                state.writer.match(book.match(index), ["a"])
                state.writer.step(book.step(index + 1, 64))
                await state.writer.durable()
                told = index + 1
                if told == 10:
                    server.kill()

        with pytest.raises(StateError, match=str(server.place.port)):
            await follow()
        with pytest.raises(StateError, match=str(server.place.port)):
            await state.close()
            state.writer.match(book.match(63), [])
        assert told == 10
        server.revive()
        await_ready(server)
        async with await opened(tmp_path, url) as again:
            assert (await again.positions())[book.log.id].end >= told
            assert len(await again.matches()) >= told
            assert await check(again, check_head) == []


async def test_a_connection_that_was_lost_while_nothing_happened_is_made_again(
    postgresql_server: Running, tmp_path: Path, book: Book
) -> None:
    url = await emptied(postgresql_server)
    async with await opened(tmp_path, url) as state:
        state.writer.log(book.log)
        await state.writer.durable()
        hand = await asyncpg.connect(url)
        await hand.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'certhia'")
        await hand.close()
        state.writer.match(book.match(1), ["a"])
        await state.writer.durable()
        assert len(await state.matches()) == 1


async def test_an_older_schema_is_brought_up_to_date(postgresql_server: Running, tmp_path: Path, book: Book) -> None:
    url = await emptied(postgresql_server)
    async with await opened(tmp_path, url) as state:
        state.writer.log(book.log)
        state.writer.match(book.match(1), ["a"])
    hand = await asyncpg.connect(url)
    await hand.execute(
        "SET search_path = certhia_state; UPDATE alembic_version SET version_num = '0005'; "
        "DROP INDEX deliveries_aside; ALTER TABLE deliveries DROP COLUMN size, DROP COLUMN error; "
        "DROP TABLE digests; DROP TABLE IF EXISTS alarms, events, revocations, submitted"
    )
    await hand.close()
    with pytest.raises(StateError, match=r"of an older Certhia \(schema 0005\): `certhia watch` brings it up to date"):
        await opened(tmp_path, url, follow=False)
    async with await opened(tmp_path, url) as state:
        state.writer.match(book.match(2), ["a"])
        await state.writer.durable()
        assert [one.id for one in await state.pending("a")] == [1, 2]
        assert await check(state, check_head) == []


async def test_a_newer_schema_is_refused(postgresql_server: Running, tmp_path: Path) -> None:
    url = await emptied(postgresql_server)
    await (await opened(tmp_path, url)).close()
    hand = await asyncpg.connect(url)
    await hand.execute("UPDATE certhia_state.alembic_version SET version_num = '0042'")
    for follow in (True, False):
        with pytest.raises(StateError, match=r"made by a newer Certhia \(schema 0042"):
            await opened(tmp_path, url, follow=follow)
    await hand.execute("UPDATE certhia_state.alembic_version SET version_num = '0001'")
    await hand.execute("UPDATE certhia_state.leases SET until = extract(epoch FROM now()) + 60")
    with pytest.raises(StateError, match="follows logs with an older schema, or did until just now"):
        await opened(tmp_path, url)
    await hand.close()


def test_it_knows_what_was_surely_rolled_back() -> None:
    here = Postgres(address("postgresql://h/n"))
    assert here.busy(asyncpg.DeadlockDetectedError())
    assert here.busy(asyncpg.SerializationError())
    assert not here.busy(asyncpg.ConnectionDoesNotExistError())
    assert "no answer in time" in str(here.failure(TimeoutError()))
