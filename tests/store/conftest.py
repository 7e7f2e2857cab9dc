"""A log with a real tree and real signatures, whose ledger a test writes; and states in temporary directories."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.realservers.launching import LOOPBACK, Running
from tests.realservers.postgresql import USER, postgresql

from certhia.clock import Clock
from certhia.model import Head, Log, LogName, Match, Protocol, RuleHit, Sighting, Step
from certhia.store import State
from certhia.store.address import address
from certhia.store.blocks import Block
from certhia.store.place import Place
from certhia.testing import heads, keys
from certhia.testing.tree import Tree, leaf_hash

AT = 1_795_000_000.0  # Unix seconds


def spans(start: int, end: int) -> list[tuple[int, int]]:
    """The perfect subtrees (level, index) that tile [start, end)."""
    found = []
    while start < end:
        level = min((start & -start).bit_length() - 1 if start else 64, (end - start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


class Book:
    """A log of its own, and the steps that a follower would record of it."""

    def __init__(self, name: str = "alpha", protocol: Protocol = Protocol.RFC6962) -> None:
        self._key = keys.p256(name)
        spki = keys.spki(self._key)
        url = f"https://{name}.example/"
        self.log = Log(hashlib.sha256(spki).digest(), spki, f"Log {name}", "Operator", protocol, url, url)
        self.tree = Tree()
        self.end = 0

    def grow(self, size: int) -> Head:
        """The signed head of `size` entries."""
        self.tree.extend(leaf_hash(b"%d" % index) for index in range(len(self.tree), size))
        root, timestamp = self.tree.root(size), int(AT * 1000) + size
        if self.log.protocol is Protocol.STATIC:
            raw = heads.checkpoint(self._key, self.log.origin, timestamp, size, root)
        else:
            raw = heads.sth(self._key, timestamp, size, root)
        return Head(size, root, timestamp, raw)

    def step(
        self, end: int, size: int = 0, *, quarantined: int = 0, start: int | None = None, note: str = "", at: float = AT
    ) -> Step:
        """From where the last step ended to `end`, proven to the head of `size` entries (`end` unless given)."""
        head = self.grow(max(size, end))
        edge = b"".join(self.tree.node(level, index) for level, index in spans(0, end))
        kind, proof = "", tuple[bytes, ...]()
        if end < head.size and self.log.protocol is Protocol.STATIC:
            kind, proof = "nodes", tuple(self.tree.node(level, index) for level, index in spans(end, head.size))
        elif 0 < end < head.size:
            kind, proof = "consistency", tuple(self.tree.consistency(end, head.size))
        begin = self.end if start is None else start
        self.end = end
        return Step(self.log.id, begin, end, quarantined, edge, head, proof, kind, note, at)

    def anchor(self, at: int, size: int = 0) -> Step:
        """Where following begins."""
        return self.step(at, size, start=at)

    def block(self, level: int, index: int, size: int, *, quarantined: int = 0, at: float = AT) -> Block:
        """A block of 2**level entries, proven to the head of `size` entries."""
        head = self.grow(size)
        path = tuple(self.tree.inclusion(index << level, size))[level:]
        return Block(self.log.id, level, index, self.tree.node(level, index), path, head, quarantined, at)

    def sighting(self, index: int) -> Sighting:
        """An entry of the log."""
        return Sighting(self.log.id, index, index % 2 == 0, int(AT * 1000) + index)

    def match(self, index: int, name: str = "www.example.com") -> Match:
        """A certificate for `name` that stands at `index`."""
        digest = hashlib.sha256(b"%s %d" % (self.log.id, index)).digest()
        return Match(
            key=digest,
            tbs_sha256=digest,
            hits=(RuleHit("example.com", name, "san", "below", "programme", "platform"),),
            sighting=self.sighting(index),
            log=LogName(self.log.id, self.log.url, self.log.description, self.log.operator),
            verified=False,
            seen=AT + index,
            names=(name, "bücher.example", "\udcff"),
            not_before=int(AT),
            not_after=int(AT) + 86400,
            serial="0A1B",
            issuer="CN=R10,O=Let's Encrypt,C=US",
            issuer_organization="Let's Encrypt",
            subject_organization="",
            sha256=digest[::-1],
            spki_sha256=digest,
        )


@pytest.fixture
def book() -> Book:
    """An RFC 6962 log."""
    return Book()


@pytest.fixture(scope="session")
def make_book() -> Callable[..., Book]:
    """Makes logs by name and protocol."""
    return Book


KINDS = ("sqlite", "postgresql")
both = pytest.mark.parametrize("state", KINDS, indirect=True)  # a test of `state` in either database
either = pytest.mark.parametrize("at", KINDS, indirect=True)  # a test of a place `at` for a state in either


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Running]:
    """A server."""
    with postgresql() as server:
        yield server


async def emptied(server: Running) -> str:
    """URL of the server's database, with nothing in it."""
    hand = await asyncpg.connect(host=LOOPBACK, port=server.place.port, user=USER, database="postgres")
    await hand.execute("DROP SCHEMA IF EXISTS certhia_state, ct_scout CASCADE")
    await hand.close()
    return f"postgresql://{USER}@{LOOPBACK}:{server.place.port}/postgres"


@pytest.fixture
async def at(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a fresh state may be: SQLite unless parametrised by `either`."""
    return await _place(request, tmp_path)


@pytest.fixture
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    """A fresh state, opened to follow, its writer not running: `durable` commits. SQLite unless parametrised."""
    async with await State.open(await _place(request, tmp_path), clock=Clock(), follow=True) as opened:
        yield opened


async def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if getattr(request, "param", "sqlite") == "sqlite":
        return Place(tmp_path / "state")
    server: Running = request.getfixturevalue("postgresql_server")
    return Place(tmp_path / "state", address(await emptied(server)))
