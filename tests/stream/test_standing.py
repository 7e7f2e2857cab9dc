"""How logs and stream are doing, as JSON."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from tests.stream.asking import Asking

from certhia.logs.status import Status
from certhia.model import Alarm, Health
from certhia.store.ledger import new_track
from certhia.stream import standing
from certhia.stream.standing import TROUBLE, Kept, Relayed
from certhia.testing import World


@pytest.fixture
def stage() -> Asking:
    return Asking(World())


def test_the_ledger_of_each_log(stage: Asking) -> None:
    (status,) = stage.statuses
    track = new_track(1, stage.log.model, 0.0)
    track.row |= {"start": 100, "end": 900}
    track.gaps.append((300, 400))
    stage.tracks[stage.log.id] = track
    status.position, status.verified, status.finished = 950, 900, "ended"
    (told,) = standing.ledger(stage.known, 0.0)["logs"]
    assert told["verified"] == [{"start": 100, "end": 300}, {"start": 400, "end": 900}]
    assert told["gaps"] == [{"start": 300, "end": 400}]
    assert (told["position"], told["verified_position"], told["finished"], told["frozen"]) == (950, 900, "ended", False)
    assert base64.b64decode(told["log_id"]) == stage.log.id


def test_a_log_of_which_nothing_is_proven(stage: Asking) -> None:
    (told,) = standing.ledger(stage.known, 0.0)["logs"]
    assert (told["verified"], told["gaps"], told["size"], told["trouble"]) == ([], [], None, None)


@pytest.mark.parametrize(
    "healths, healthy",
    [
        ([], False),
        ([Health.HEALTHY], True),
        ([Health.FAILED], False),
        ([Health.FAILED, Health.DEGRADED], True),
        ([Health.FAILED, Health.FROZEN, Health.HEALTHY], False),
    ],
)
def test_healthy_is_where_half_of_the_logs_are_read(stage: Asking, healths: list[Health], healthy: bool) -> None:
    stage.statuses = [Status(replace(stage.log.model, id=bytes([number]) * 32)) for number in range(len(healths))]
    for status, health in zip(stage.statuses, healths, strict=True):
        status.health = health
    assert standing.deep(stage.known, 0.0)[0] is healthy
    assert standing.health(stage.known)[0] is bool(healths)


def test_what_is_wrong_is_not_told_at_any_length(stage: Asking) -> None:
    stage.statuses[0].error = "x" * 10_000
    stage.statuses[0].alarms = ["y" * 10_000]
    (told,) = standing.deep(stage.known, 0.0)[1]["logs"]
    assert (len(told["trouble"]), len(told["alarms"][0])) == (TROUBLE, TROUBLE)


def test_a_frozen_log_is_an_alarm_before_the_next_look(stage: Asking) -> None:
    (status,) = stage.statuses
    status.freezes("frozen at 7: it signed two trees")
    (alarm,) = standing.deep(stage.known, 5.0)[1]["alarms"]
    assert (alarm["log"], alarm["text"]) == ("First Log 2026", "frozen at 7: it signed two trees")
    assert alarm["since"] == "1970-01-01T00:00:05.000Z"
    stage.alarms = (Alarm(alarm["key"], alarm["text"], 1.0, alarm["log"]),)
    (raised,) = standing.deep(stage.known, 5.0)[1]["alarms"]
    assert raised == alarm | {"since": "1970-01-01T00:00:01.000Z"}


def relayed(*, connected: bool) -> Relayed:
    return Relayed("wss://other.example/", connected, "cut off", {"lite": 7, "heartbeat": 2, "malformed": 1}, 4, 3)


def test_a_server_that_is_read_is_something_that_is_followed(stage: Asking) -> None:
    """One who only relays is as well as those that it reads."""
    stage.statuses = []
    stage.known = replace(stage.known, relayed=lambda: [relayed(connected=True)])
    assert standing.health(stage.known) == (
        True, {"healthy": True, "followed": 0, "logs": {}, "servers": {"connected": 1, "lost": 0}}
    )  # fmt: skip
    well, told = standing.deep(stage.known, 0.0)
    assert well
    assert told["servers"] == [
        {
            "server": "wss://other.example/",
            "connected": True,
            "trouble": None,
            "entries": 7,
            "messages": {"lite": 7, "heartbeat": 2, "malformed": 1},
            "missed": 4,
            "connections": 3,
        }
    ]
    assert standing.stats(stage.known, {}, {}, 0.0)["processed_certs"] == stage.fed + 7


def test_a_server_that_is_lost_is_told(stage: Asking) -> None:
    stage.statuses = []
    stage.known = replace(stage.known, relayed=lambda: [relayed(connected=False)])
    assert standing.health(stage.known)[0] is False
    well, told = standing.deep(stage.known, 0.0)
    assert (well, told["servers"][0]["trouble"]) == (False, "cut off")
    assert standing.stats(stage.known, {}, {}, 0.0)["servers"] == told["servers"]


def test_a_history_that_cannot_be_written_is_an_alarm(stage: Asking) -> None:
    assert standing.stats(stage.known, {}, {}, 0.0)["history"] is None
    stage.known = replace(stage.known, history=lambda: Kept(4096, 60.0, "no space left on device"))
    said = {"bytes": 4096, "since": "1970-01-01T00:01:00.000Z", "trouble": "no space left on device"}
    assert standing.stats(stage.known, {}, {}, 0.0)["history"] == said
    (alarm,) = standing.deep(stage.known, 5.0)[1]["alarms"]
    assert alarm["key"] == "history"
    assert alarm["text"].endswith("nobody can go on from what is sent now: no space left on device")
