"""What a look finds, and what it does not take for an illness."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest
from tests.logs.bench import fill
from tests.rig import Rig

from certhia.alarms import symptoms
from certhia.alarms.board import LOOKS, Found, pause
from certhia.alarms.freshness import Freshness
from certhia.alarms.guard import Guarding
from certhia.alarms.symptoms import Looked, Symptoms
from certhia.alarms.waiting import Queues
from certhia.logs.status import Status
from certhia.model import Head, Log, Protocol
from certhia.testing import SimClock, World, in_simulated_time
from certhia.testing.hostile import new_type

INTERVAL = 300.0
STEP = pause(INTERVAL)


class Ward:
    """Some logs that are looked at."""

    def __init__(self, count: int = 4, *, limited: bool = False, poll: float = 30.0, path: Path | None = None) -> None:
        self.clock = SimClock()
        self.logs = [self._status(number) for number in range(count)]
        self.failing: dict[str, str] = {}
        places = [path] if path is not None else []
        self.queues = Queues(0, {})
        looked = Looked(
            *(lambda: self.logs, Freshness(self.clock), places, lambda: self.failing, poll, limited),
            lambda: self.queues,
        )
        self.symptoms = Symptoms(looked, INTERVAL, self.clock)

    def _status(self, number: int) -> Status:
        name = f"Log {number}"
        log = Log(
            bytes([number]) * 32, b"", name, "Op", Protocol.STATIC, "https://log.test/", "https://log.test/", mmd=60
        )
        return Status(log, heard=self.clock.monotonic())

    def answers(self, *, ill: int = 0) -> None:
        """All logs but the first `ill` ones give a head."""
        for number, status in enumerate(self.logs):
            status.error = "no answer" if number < ill else ""
            if number >= ill:
                status.heard = self.clock.monotonic()
            else:
                status.missed = self.clock.monotonic()

    def found(self) -> list[Found]:
        return [*self.symptoms.of_logs(), *self.symptoms.of_backlog(), *self.symptoms.of_sinks()]

    def keys(self) -> list[str]:
        """Kinds of what is found now."""
        return [one.alarm.key.partition(":")[0] for one in self.found()]

    def behind(self, *entries: int) -> list[list[str]]:
        """What each look finds while the first log is so far behind."""
        seen = []
        for lag in entries:
            self.clock.advance(STEP)
            self.answers()
            self.logs[0].head = Head(self.logs[0].position + lag, b"", 0, b"")
            seen.append(self.keys())
        return seen


@pytest.mark.parametrize("ill, alarm", [(1, False), (2, True), (4, True)])
def test_no_contact_with_half_of_the_logs(ill: int, alarm: bool) -> None:
    ward = Ward()
    for _ in range(LOOKS - 1):
        ward.answers(ill=ill)
        assert ward.keys() == []
        ward.clock.advance(STEP)
    ward.clock.advance(1)
    ward.answers(ill=ill)
    assert ward.keys() == (["contact"] if alarm else [])
    if alarm:
        (one,) = ward.found()
        assert f"no contact with {ill} of 4 logs" in one.alarm.text
        assert one.alarm.text.endswith("Log 0: no answer")
    ward.answers()
    assert ward.keys() == []


def test_rare_polls_are_no_loss_of_contact_nor_are_logs_that_nobody_asks() -> None:
    ward = Ward(poll=600.0)
    ward.answers(ill=4)
    ward.clock.advance(INTERVAL)
    assert ward.keys() == []
    slow = Ward()
    slow.clock.advance(INTERVAL)
    assert slow.keys() == [], "we don't keep up, and don't ask"


@in_simulated_time
async def test_a_log_that_is_ill_and_gives_each_head_that_it_is_asked_for_is_in_contact(
    certhia_world: World, tmp_path: Path
) -> None:
    """A tile that nobody can read: its rounds fail, so it is asked rarely."""
    log = certhia_world.static("one")
    fill(certhia_world, log, 300)
    rig = Rig(certhia_world, tmp_path)
    rig.guarding = Guarding(places=(tmp_path,))
    async with rig.running() as pipeline:
        await rig.clock.sleep(300)
        new_type(log)
        fill(certhia_world, log, 400)
        most = 0.0
        for _ in range(60):
            await rig.clock.sleep(60)
            (status,) = pipeline.statuses()
            most = max(most, rig.clock.monotonic() - (status.heard or 0.0))
    assert most > 300, "it was asked rarely"
    assert not [text for _, _, text in rig.said if "no contact" in text]


def test_finished_logs_are_out_of_it() -> None:
    ward = Ward()
    ward.answers(ill=4)
    ward.clock.advance(3600)
    for status in ward.logs:
        status.finished = "ended"
    assert ward.keys() == []


def test_stale_heads_are_told_by_their_followers() -> None:
    ward = Ward()
    ward.logs[1].stale = "signed no head for 12 min"
    (one,) = ward.found()
    assert (str(one.alarm), one.told) == ("Log 1: signed no head for 12 min", True)


def test_a_log_that_gives_no_head_at_all_has_a_stale_one() -> None:
    ward = Ward()
    for status in ward.logs[:1]:
        status.heard = None
    assert ward.keys() == []
    ward.clock.advance(660)
    ward.answers(ill=1)
    assert ward.keys() == []
    ward.clock.advance(1)
    ward.answers(ill=1)
    (one,) = ward.found()
    assert (str(one.alarm), one.told) == ("Log 0: gave no head for 11 min: no answer", False)


def test_contradictions_stay_also_of_logs_that_are_finished() -> None:
    ward = Ward()
    ward.logs[0].alarms += ["signed two heads", "differs"]
    ward.logs[0].finished = "ended"
    found = ward.found()
    assert [(str(one.alarm), one.told) for one in found] == [
        ("Log 0: signed two heads", True),
        ("Log 0: differs", True),
    ]
    assert len({one.alarm.key for one in found}) == 2


def test_a_backlog_that_grows_is_found_within_an_interval_until_it_is_caught_up_with() -> None:
    ward = Ward()
    assert ward.behind(0, 2000, 3000, 4000, 5000) == [[], [], [], [], ["backlog"]]
    (one,) = [one for one in ward.found() if one.alarm.key == "backlog"]
    assert "5,000 entries behind and not catching up (Log 0 5,000)" in one.alarm.text
    assert ward.behind(4000, 2000, 1024, 2000) == [["backlog"], ["backlog"], [], []]


def test_one_that_stands_still_is_one_too() -> None:
    assert Ward().behind(*[5000] * LOOKS)[-1] == ["backlog"]


def test_one_that_shrinks_is_none() -> None:
    assert Ward().behind(*range(100_000, 2000, -1000)) == [[]] * 98


def test_what_comes_and_goes_with_heads_is_none() -> None:
    ward = Ward()
    assert ward.behind(100, 200, 300, 400, 500, 1000, 1024) == [[]] * 7, "tiles that wait to be full"
    for lag in range(10_000, 60_000, 1000):
        ward.logs[0].read(60_000, ward.clock.monotonic() + STEP)  # a thousand a second
        assert ward.behind(lag) == [[]], "read in a minute"


def test_a_log_that_hands_nothing_out_though_its_heads_come() -> None:
    ward = Ward(12)
    ill = ward.logs[3]
    seen = []
    for minute in range(13):
        ward.answers()
        ill.head, ill.slow = Head(20 + minute, b"", 0, b""), "keeps us waiting"
        seen.append(ward.keys())
        ward.clock.advance(STEP)
    assert seen == [[]] * 10 + [["withheld"]] * 3
    (one,) = ward.found()
    assert str(one.alarm) == "Log 3: signed for 32 entries and handed none of them out for 13 min: keeps us waiting"
    assert not one.told, "its follower said so as a warning only"
    ill.position = 32
    assert ward.keys() == [], "it hands them out"


def test_a_log_that_is_down_or_waits_for_its_tile_withholds_nothing() -> None:
    ward = Ward()
    for status in ward.logs:
        status.head = Head(200, b"", 0, b"")
    for _ in range(30):
        ward.answers(ill=1)
        ward.clock.advance(STEP)
        assert not [one for one in ward.found() if one.alarm.key.startswith("withheld")]


def test_one_log_that_falls_behind_is_found_beside_many_that_come_and_go() -> None:
    ward, noise = Ward(45), random.Random(1)
    seen = set[str]()
    for minute in range(20):
        ward.clock.advance(STEP)
        ward.answers()
        for number, status in enumerate(ward.logs):
            lag = 500 * minute if not number else noise.randrange(1500) if minute % 3 else 0
            status.head = Head(status.position + lag, b"", 0, b"")
        seen |= {str(one.alarm) for one in ward.found()}
    assert any(text.startswith("Log 0: ") and "entries behind and not catching up: it grows" in text for text in seen)
    assert not any(text.startswith(("Log 1: ", "Log 2: ")) for text in seen)


def test_what_all_are_behind_with_is_one_alarm() -> None:
    ward = Ward(4)
    for minute in range(60):
        ward.clock.advance(STEP)
        ward.answers()
        for status in ward.logs:
            status.head = Head(status.position + 1000 * (minute + 1), b"", 0, b"")
        assert ward.keys() in ([], ["backlog"])
    assert ward.keys() == ["backlog"]


def test_limits_are_named_where_there_are_some() -> None:
    for limited, words in ((True, "raise --max-bandwidth"), (False, "certhia status")):
        ward = Ward(limited=limited)
        ward.behind(*[5000] * LOOKS)
        (one,) = ward.found()
        assert words in one.alarm.text


def test_sinks_that_fail_have_said_so() -> None:
    ward = Ward()
    ward.failing = {"file:/x": "No space left"}
    assert ward.found() == [], "for a moment"
    (one,) = ward.found()
    assert one.told
    assert one.alarm.text == "file:/x: can't be told of matches, which wait: No space left"


def test_a_sink_that_hangs_or_is_too_slow() -> None:
    ward = Ward()
    found = []
    for minute in range(5):
        ward.queues = Queues(100 * minute, {"quick": 100 * minute, "hangs": 1, "slow": 1 + minute})
        ward.answers()
        found += ward.found()
        ward.clock.advance(STEP)
    assert found == []
    ward.queues = Queues(500, {"quick": 500, "hangs": 1, "slow": 6})
    ward.answers()
    assert [one.alarm.key for one in ward.found()] == ["sink:hangs", "sink:slow"]
    (one, _) = ward.found()
    assert not one.told
    assert one.alarm.text == "hangs: a match has waited for 4 min: it takes none, or fewer than are found"
    ward.failing = {"hangs": "No space left"}
    ward.found()
    assert [one.alarm.text for one in ward.found() if one.told] == [
        "hangs: can't be told of matches, which wait: No space left"
    ], "one alarm for one sink"
    ward.queues, ward.failing = Queues(600, {}), {}
    assert ward.found() == []


async def test_a_disk_that_does_not_answer_holds_up_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ward = Ward(path=tmp_path)
    answered, asked = threading.Event(), list[Path]()

    def hang(place: Path) -> os.statvfs_result:
        asked.append(place)
        assert answered.wait(20)
        return os.statvfs_result((4096, 4096, 10**9, 10**9, 10**9, 9, 9, 9, 0, 255))

    monkeypatch.setattr(os, "statvfs", hang)
    monkeypatch.setattr(symptoms, "ANSWER", 0.0)
    for _ in range(5):
        (one,) = await ward.symptoms.look()
        assert one.alarm.text == f"the disk does not answer: see to what holds {tmp_path}"
    monkeypatch.setattr(symptoms, "ANSWER", 20.0)
    answered.set()
    assert await ward.symptoms.look() == []
    assert asked == [tmp_path], "one thread waits, not one for each look"


@in_simulated_time
async def test_a_look_sees_it_all(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ward = Ward(path=tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result((4096, 4096, 9, 0, 0, 9, 9, 9, 0, 255)))
    ward.failing = {"s": "down"}
    ward.clock.advance(4 * 86_400)
    ward.answers()
    await ward.symptoms.look()
    kinds = [one.alarm.key.partition(":")[0] for one in await ward.symptoms.look()]
    assert kinds == ["sink", "disk"]
    for mebibytes, short in ((300, True), (330, False), (300, False)):
        free = mebibytes << 8  # blocks
        answer = os.statvfs_result((4096, 4096, 10**9, free, free, 9, 9, 9, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _, answer=answer: answer)
        assert ("disk" in [one.alarm.key.partition(":")[0] for one in await ward.symptoms.look()]) is short
