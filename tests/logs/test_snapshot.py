"""What the follower knows of its logs, for commands that look on."""

from __future__ import annotations

import pytest

from certhia.logs import snapshot
from certhia.logs.status import Status
from certhia.model import Head, Health, Log, Protocol


def status(name: bytes, size: int | None, health: Health = Health.HEALTHY) -> Status:
    log = Log(name * 32, b"", "log", "operator", Protocol.STATIC, "https://log.test/", "https://log.test/")
    head = None if size is None else Head(size, name * 32, 1000 + size, b"raw")
    return Status(log, head=head, health=health)


def test_heads_and_healths_come_back() -> None:
    text = snapshot.write([status(b"a", 5), status(b"b", 7, Health.FAILED), status(b"c", None)], now=100.0)
    heads, conditions = snapshot.read(text, 110.0)
    assert heads == {b"a" * 32: Head(5, b"a" * 32, 1005, b""), b"b" * 32: Head(7, b"b" * 32, 1007, b"")}
    assert {key[:1]: condition.health for key, condition in conditions.items()} == {
        b"a": Health.HEALTHY,
        b"b": Health.FAILED,
        b"c": Health.HEALTHY,
    }


def test_what_is_wrong_comes_back() -> None:
    ill = status(b"a", 5, Health.DEGRADED)
    ill.provable, ill.slow = False, "keeps us waiting " + 1000 * "x"
    _, conditions = snapshot.read(snapshot.write([ill, status(b"b", 5)], now=100.0), 110.0)
    assert conditions[b"a" * 32] == snapshot.Condition(Health.DEGRADED, unverified=True, trouble=ill.slow[:500])
    assert conditions[b"b" * 32] == snapshot.Condition(Health.HEALTHY)


@pytest.mark.parametrize("now", [100.0 + snapshot.FRESH + 1, 100.0 - snapshot.FRESH - 1])
def test_an_old_one_is_of_a_follower_that_is_gone(now: float) -> None:
    assert snapshot.read(snapshot.write([status(b"a", 5)], now=100.0), now) == ({}, {})


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_none_is_no_error(text: str | None) -> None:
    assert snapshot.read(text, 1.0) == ({}, {})


def test_of_no_logs() -> None:
    assert snapshot.read(snapshot.write([], now=1.0), 1.0) == ({}, {})
