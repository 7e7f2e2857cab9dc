"""What the follower knows of its logs, for commands that look on."""

from __future__ import annotations

import pytest

from certhia.logs import snapshot
from certhia.logs.asked import Asked, Outcome, Reason
from certhia.logs.status import Status
from certhia.model import Alarm, Head, Health, Log, Protocol, Summary


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


def run(*alarms: Alarm) -> snapshot.Run:
    lists, asked = Asked(), Asked()
    lists.note(Reason.LIST, Outcome.OK)
    asked.note(Reason.HEAD, Outcome.THROTTLED)
    summary = Summary(1, 50, 40, 3, 7, 2, 60.0, ())
    return snapshot.Run(4711, 40.0, summary, alarms, {b"a" * 32: asked}, lists)


def test_the_whole_picture_comes_back() -> None:
    ill = status(b"a", 50, Health.DEGRADED)
    ill.position, ill.verified, ill.rate, ill.error = 45, 40, 2.5, "no answer"
    alarm = Alarm("contact", "no contact", 90.0, "log")
    picture = snapshot.picture(snapshot.write([ill, status(b"b", None)], 100.0, run(alarm)))
    assert picture is not None
    assert (picture.at, picture.process, picture.since) == (100.0, 4711, 40.0)
    assert (picture.entries, picture.verified, picture.matches, picture.quarantined) == (50, 40, 7, 3)
    assert picture.alarms == (alarm,)
    assert picture.lists == {"list": {"ok": 1}}
    first, second = picture.logs
    assert first == snapshot.Followed(
        id=b"a" * 32,
        name="log",
        condition=snapshot.Condition(Health.DEGRADED, trouble="no answer"),
        finished="",
        size=50,
        position=45,
        verified=40,
        lag=5,
        lag_seconds=0.0,
        rate=2.5,
        requests={"head": {"throttled": 1}},
    )
    assert (second.size, second.requests) == (None, {})


def test_what_is_said_of_alarms_is_bounded() -> None:
    many = [Alarm(str(number), 5000 * "x") for number in range(1000)]
    picture = snapshot.picture(snapshot.write([], 1.0, run(*many)))
    assert picture is not None
    assert len(picture.alarms) == snapshot.MOST
    assert {len(alarm.text) for alarm in picture.alarms} == {snapshot.LONGEST}


@pytest.mark.parametrize(
    "text", [None, "", "{}", '{"at": 1, "logs": {}}', '{"at": 1, "logs": {}, "run": {"alarms": [], "new": 1}}']
)
def test_a_picture_of_nobody_or_of_another_version(text: str | None) -> None:
    assert snapshot.picture(text) is None
