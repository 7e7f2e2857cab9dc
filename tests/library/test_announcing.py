"""What a pipeline tells the bus."""

from __future__ import annotations

from certhia.events.bus import Bus
from certhia.events.event import Event
from certhia.events.listening import Listeners
from certhia.library.announcing import Announcing, Healths, Known
from certhia.logs.status import FAILED_AFTER, Status
from certhia.model import Alarm, Log, LogName, Match, Protocol, RuleHit, Sighting
from certhia.testing import SimClock

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
