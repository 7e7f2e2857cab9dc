"""Health as users know it, lag, and rates."""

from __future__ import annotations

import pytest

from certhia.logs.status import FAILED_AFTER, Status
from certhia.model import Head, Health, Log, Protocol

LOG = Log(b"i" * 32, b"k", "Log", "Operator", Protocol.STATIC, "https://log.test/", "https://log.test/")


def test_three_failed_rounds_make_failed_then_pauses_double_up_to_an_hour() -> None:
    status = Status(LOG)
    states, pauses = [], []
    for _ in range(12):
        status.failed("no answer")
        states.append(status.health)
        pauses.append(status.pause(10))
    assert states[:4] == [Health.DEGRADED, Health.DEGRADED, Health.FAILED, Health.FAILED]
    assert pauses[:6] == [10, 10, 60, 120, 240, 480]
    assert pauses[-1] == 3600


def test_one_good_round_recovers() -> None:
    status = Status(LOG)
    for _ in range(5):
        status.failed("no answer")
    status.succeeded()
    assert (status.health, status.error, status.pause(10)) == (Health.HEALTHY, "", 10)


def test_a_log_that_keeps_us_waiting_for_long_is_degraded_and_never_fails() -> None:
    status = Status(LOG)
    assert [status.waits("not yet", at) for at in (0, 300, 599, 600, 900, 10_000)] == [False] * 3 + [True, False, False]
    assert (status.health, status.failures, status.pause(10)) == (Health.DEGRADED, 0, 10)
    assert status.trouble == "keeps us waiting for 167 min: not yet"
    assert [status.moves(), status.moves()] == [True, False]
    assert (status.health, status.trouble) == (Health.HEALTHY, "")
    assert not status.waits("not yet", 10_100), "it counts anew"
    assert status.trouble == "waited for: not yet"


def test_a_head_that_is_too_old_is_degraded_until_it_moves() -> None:
    status = Status(LOG)
    assert [status.ages(text) for text in ("", "old", "older", "", "old")] == [False, True, False, False, True]
    assert (status.health, status.trouble) == (Health.DEGRADED, "old")
    status.failed("no answer")
    status.succeeded()
    assert status.health is Health.DEGRADED, "a round that went through says nothing of the head's age"
    status.ages("")
    assert (status.health, status.trouble) == (Health.HEALTHY, "")


def test_lag_in_entries_and_seconds() -> None:
    status = Status(LOG)
    assert (status.lag, status.lag_seconds(100)) == (0, 0)
    status.head = Head(100, b"r" * 32, 0, b"")
    status.position, status.last_timestamp = 60, 40_000
    assert (status.lag, status.lag_seconds(100)) == (40, 60)
    status.last_timestamp = 200_000  # an entry from the future (L09): no negative ages
    assert status.lag_seconds(100) == 0
    status.position = 100
    assert status.lag_seconds(1000) == 0


def test_the_rate_follows_what_is_read() -> None:
    status = Status(LOG)
    status.tick(0)
    for second in range(1, 61):
        status.read(50, second)
    assert status.rate == pytest.approx(50, rel=0.05)
    for second in range(61, 160):
        status.tick(second)
    assert status.rate < 1


def test_counts_are_carried_over_a_restart_of_the_follower() -> None:
    before = Status(LOG)
    before.entries, before.quarantined, before.matches, before.alarms = 5, 2, 1, ["differs"]
    before.keep()
    before.entries, before.quarantined = 9, 3  # read since, not proven: comes again
    after = Status(LOG)
    after.carry(before)
    assert (after.entries, after.quarantined, after.matches, after.alarms) == (5, 2, 1, ["differs"])


def test_a_frozen_log_is_so_until_it_is_accepted() -> None:
    status = Status(LOG)
    status.alarms.append("another")
    status.freezes("frozen at 5: two heads")
    assert (status.health, status.trouble, status.failing) == (Health.FROZEN, "frozen at 5: two heads", False)
    for _ in range(FAILED_AFTER):
        status.failed("no answer")
    assert (status.health, status.failing) == (Health.FROZEN, True)
    assert status.trouble == "frozen at 5: two heads; no answer"
    assert status.pause(30) >= 60, "one that fails is asked less often, frozen or not"
    status.succeeded()
    assert (status.health, status.pause(30)) == (Health.FROZEN, 30)
    after = Status(LOG)
    after.carry(status)
    assert after.alarms == ["another"], "the next follower says whether it is frozen still"
    assert after.health is Health.HEALTHY


def test_a_freeze_is_told_once_also_by_the_next_follower() -> None:
    before, after = Status(LOG), Status(LOG)
    assert before.freezes("frozen at 5: two heads")
    after.carry(before)
    assert (after.health, after.alarms) == (Health.HEALTHY, [])
    assert not after.freezes("frozen at 5: two heads")
    assert (after.health, after.alarms) == (Health.FROZEN, ["frozen at 5: two heads"])
    last = Status(LOG)
    last.carry(after)
    assert last.freezes("frozen at 7: another root")
