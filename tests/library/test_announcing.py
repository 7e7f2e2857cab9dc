"""What a pipeline tells the bus."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.events.listening import Listeners
from certhia.library.announcing import LOOK, Announcing, Healths, Known
from certhia.library.happening import left_ill
from certhia.logs.status import FAILED_AFTER, Status
from certhia.model import Alarm, Health, Log, LogName, Match, Protocol, RuleHit, Sighting
from certhia.store import State
from certhia.store.eventrow import EventRow
from certhia.testing import SimClock, in_simulated_time

LOG = Log(b"l" * 32, b"k", "First", "Operator", Protocol.RFC6962, "https://log.example/", "https://log.example/")
MATCH = Match(
    key=b"\xab" * 32,
    tbs_sha256=b"\xab" * 32,
    hits=(RuleHit("example.com", "www.example.com", "san", "below", "Acme"),),
    sighting=Sighting(LOG.id, 7, False, 0),
    log=LogName(LOG.id, LOG.url, LOG.description, LOG.operator),
    verified=True,
    seen=1.0,
    names=("www.example.com", "other.test"),
    not_before=1,
    not_after=2,
    serial="01",
    issuer="CN=CA",
    issuer_organization="",
    subject_organization="",
    sha256=b"\x01" * 32,
    spki_sha256=b"\x02" * 32,
)


def listening() -> tuple[Bus, list[Event]]:
    bus, told = Bus(SimClock(), everywhere=Listeners()), list[Event]()
    bus.on("*", told.append)
    return bus, told


def test_a_match_is_three_events_of_one_correlation() -> None:
    bus, told = listening()
    announcing = Announcing(bus, "watch")
    announcing.match(MATCH)
    announcing.match(MATCH)
    types = [event.type for event in told]
    assert types == ["match.found", "certificate.found", "domain.discovered", "match.found", "certificate.found"]
    assert {event.correlation for event in told} == {"ab" * 32}
    found, certificate, domain = told[:3]
    assert found.data == {
        "id": "ab" * 32,
        "kind": "alert",
        "severity": "high",
        "names": ["www.example.com", "other.test"],
        "rules": ["example.com"],
        "programmes": ["Acme"],
        "log": "https://log.example/",
        "index": 7,
        "verified": True,
    }
    assert certificate.data["sha256"] == "01" * 32
    assert domain.data == {
        "name": "www.example.com",
        "source": "san",
        "confidence": 1.0,
        "seen": "https://log.example/",
        "programmes": ["Acme"],
    }


def test_alarms_about_logs_are_events_of_logs() -> None:
    bus, told = listening()
    hears = Announcing(bus, "watch").hears
    hears(Alarm("promise:ab", "broke a promise", 1.0, "First"), cleared=False)
    hears(Alarm("withheld:ab", "serves none", 1.0, "First"), cleared=False)
    hears(Alarm("withheld:ab", "serves none", 1.0, "First"), cleared=True)
    hears(Alarm("disk:/", "full"), cleared=False)
    hears(Alarm("backlog", "all are behind"), cleared=False)
    assert [event.type for event in told] == ["log.misbehaved", "log.degraded", "log.recovered"]
    assert told[0].data == {"log": "First", "kind": "promise", "text": "broke a promise"}


def test_a_log_that_falls_ill_and_gets_well() -> None:
    bus, told = listening()
    healths, status = Healths(bus, "watch", SimClock()), Status(LOG)
    healths.statuses = lambda: [status]
    healths.look()
    status.failed("no answer")
    healths.look()
    assert told == [], "one look alone"
    healths.look()
    for _ in range(FAILED_AFTER):
        status.failed("no answer")
    healths.look()
    healths.look()
    status.succeeded()
    healths.look()
    healths.look()
    assert [event.type for event in told] == ["log.degraded", "log.failed", "log.recovered"]
    assert told[1].data == {"log": "First", "kind": "health", "text": "no answer"}


@in_simulated_time
async def test_what_an_earlier_run_told_is_not_told_again_but_that_it_is_over(
    certhia_clock: SimClock, tmp_path: Path
) -> None:
    bus, told = listening()
    ill, well, silent = (replace(LOG, id=bytes([n]) * 32, description=name) for n, name in enumerate(("A", "B", "C")))
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        for number, (type_, name) in enumerate(
            [("log.failed", "A"), ("log.failed", "B"), ("log.failed", "C"), ("log.failed", "D"), ("log.recovered", "D")]
        ):
            data = {"log": name, "kind": "health", "text": "no answer"}
            state.writer.event(EventRow(f"id{number}", type_, float(number), "watch", "", 1, data), 10)
        await state.writer.durable()
        healths = Healths(bus, "watch", certhia_clock)
        healths.left, alarms = await left_ill(state, 100)
        assert (healths.left, alarms) == (dict.fromkeys("ABC", Health.FAILED), {})
        statuses = [Status(ill), Status(well), Status(silent)]
        for _ in range(FAILED_AFTER):
            statuses[0].failed("no answer")
        statuses[1].heard = 1.0
        healths.statuses = lambda: statuses
        task = asyncio.get_running_loop().create_task(healths.run())
        await certhia_clock.sleep(LOOK * 2.5)
        assert [(event.type, event.data["log"]) for event in told] == [("log.recovered", "B")]
        statuses[0].succeeded()
        statuses[2].heard = 1.0
        await certhia_clock.sleep(LOOK)
        assert [event.data["log"] for event in told] == ["B", "A", "C"]
        task.cancel()


@in_simulated_time
async def test_an_alarm_that_lasts_over_a_restart_is_told_once(certhia_clock: SimClock, tmp_path: Path) -> None:
    bus, told = listening()
    async with await State.open(tmp_path, clock=certhia_clock, follow=True) as state:
        for number, kind in enumerate(("log", "promise")):
            data = {"log": "First", "kind": kind, "text": "frozen"}
            state.writer.event(EventRow(f"id{number}", "log.misbehaved", float(number), "watch", "", 1, data), 10)
        await state.writer.durable()
        announcing = Announcing(bus, "watch")
        healths, announcing.left = await left_ill(state, 100)
        assert (healths, announcing.left) == ({}, {("First", "log"): "frozen", ("First", "promise"): "frozen"})
    frozen, broken = Alarm("log:ab", "frozen", log="First"), Alarm("promise:cd", "late", log="First")
    announcing.hears(frozen, cleared=False)
    assert told == []
    announcing.hears(frozen, cleared=True)
    announcing.hears(broken, cleared=False)
    announcing.hears(broken, cleared=True)
    announcing.hears(frozen, cleared=False)
    assert [(event.type, event.data["kind"]) for event in told] == [
        ("log.recovered", "log"),
        ("log.misbehaved", "promise"),  # another one
        ("log.recovered", "promise"),
        ("log.misbehaved", "log"),
    ]


def test_a_short_illness_is_none() -> None:
    bus, told = listening()
    healths, status = Healths(bus, "watch", SimClock()), Status(LOG)
    healths.statuses = lambda: [status]
    for _ in range(3):
        status.failed("no answer")
        healths.look()
        status.succeeded()
        healths.look()
    assert told == []


def test_names_are_remembered_and_the_first_goes() -> None:
    known = Known(2)
    assert [known.is_new(name) for name in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]


def test_what_is_read_again_is_told() -> None:
    bus, told = listening()
    Announcing(bus, "watch").reloaded("rules", ["1 new"])
    assert (told[0].type, told[0].data) == ("config.reloaded", {"what": "rules", "changes": ["1 new"]})
