"""How a follower is doing, in words and in JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certhia.cli.standing import FAILING, ILL, RAISED, SILENT, Standing, as_json, healths, lines, requests
from certhia.logs.snapshot import Condition, Followed, Picture
from certhia.model import Alarm, Health
from certhia.sinks.standing import Noted
from certhia.store.schema import DEAD

NOW = 1_800_000_000.0


def log(name: str, health: Health = Health.HEALTHY, **fields: object) -> Followed:
    plain = Followed(
        id=name.encode().ljust(32),
        name=name,
        condition=Condition(health, trouble="" if health is Health.HEALTHY else "no \x1b[31manswer"),
        finished="",
        size=100,
        position=90,
        verified=80,
        lag=10,
        lag_seconds=90.0,
        rate=1.25,
        requests={"head": {"ok": 3}, "entries": {"ok": 5, "throttled": 1}},
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


PICTURE = Picture(
    at=NOW - 20,
    process=77,
    since=NOW - 7200,
    entries=1000,
    verified=900,
    matches=4,
    quarantined=2,
    alarms=(),
    logs=(log("Alpha"), log("Beta", Health.FAILED), log("Gamma", finished="ended", lag=5000)),
    lists={"list": {"ok": 2}},
)
WELL = Standing("/s", 77, PICTURE, {"stdout": 3}, 40, 5, NOW - 1, NOW)
ALARM = Alarm("contact", "no contact\x1b[31m", NOW - 300)


def test_all_of_it_for_people() -> None:
    assert lines(WELL) == [
        "/s: process 77 follows, since 2027-01-15 06:00:00 UTC (2 h ago)",
        "logs: 1 healthy, 1 failed, 1 finished (as of 20 s ago)",
        "entries: 1,000 seen, 900 verified, 20 behind (up to 90 s), 2 quarantined",
        "matches: 4 in this run, 40 stored",
        "requests: 26 ok, 3 throttled, 0 failed (entries 18, head 9, list 2)",
        "waiting to be told: stdout 3",
        "last commit: 2027-01-15 07:59:59 UTC (1 s ago)",
        "Beta: failed: no \\x1b[31manswer",
        "no alarms",
    ]


def test_alarms_stand_last_and_are_inert() -> None:
    told = lines(replace(WELL, picture=replace(PICTURE, alarms=(ALARM,))))
    assert told[-1] == "alarm since 2027-01-15 07:55:00 UTC (5 min ago): no contact\\x1b[31m"
    assert "no alarms" not in told


def test_nobody_follows() -> None:
    gone = replace(WELL, process=None, picture=replace(PICTURE, alarms=(ALARM,)))
    assert lines(gone)[0] == (
        "/s: nobody follows now; the last run is of 2027-01-15 06:00:00 UTC to 2027-01-15 07:59:40 UTC"
    )
    assert not any("alarm" in line for line in lines(gone)), "an alarm of a run that is over is none of now"
    assert lines(Standing("/s", None, None, {}, 0, 0, None, NOW)) == [
        "/s: nobody follows now",
        "waiting to be told: nothing",
    ]


def test_who_has_just_begun_has_saved_nothing() -> None:
    assert lines(Standing("/s", 5, None, {}, 0, 0, None, NOW))[0] == "/s: process 5 follows, and has saved nothing yet"
    assert "another machine" in lines(replace(WELL, process=0))[0]


def test_a_follower_that_hangs_is_an_alarm() -> None:
    silent = replace(WELL, silence=SILENT + 1)
    (alarm,) = silent.alarms
    assert alarm.text.startswith("the follower has saved nothing for 2 min: it hangs")
    assert alarm.since == NOW - SILENT - 1
    assert replace(WELL, silence=SILENT).alarms == ()


def test_a_follower_that_never_saved_anything_is_one_too() -> None:
    begun = replace(WELL, picture=None, silence=SILENT)
    assert (begun.exit_status, lines(begun)[0]) == (0, "/s: process 77 follows, and has saved nothing yet")
    hangs = replace(begun, silence=3600)
    assert hangs.exit_status == 1
    assert "the follower has saved nothing for 60 min since it began: it hangs" in lines(hangs)[-1]


def test_the_wall_clock_says_nothing_about_that() -> None:
    assert replace(WELL, now=NOW + 86_400).exit_status == 0
    assert replace(WELL, now=NOW - 86_400, silence=36_000).exit_status == 1


@pytest.mark.parametrize(
    "standing, status",
    [
        (WELL, 0),
        (replace(WELL, picture=None), 0),
        (replace(WELL, picture=replace(PICTURE, alarms=(ALARM,))), 1),
        (replace(WELL, process=None), 3),
        (replace(WELL, process=None, picture=replace(PICTURE, alarms=(ALARM,))), 3),
    ],
)
def test_exit_statuses(standing: Standing, status: int) -> None:
    assert standing.exit_status == status


def test_for_programs() -> None:
    told = as_json(replace(WELL, picture=replace(PICTURE, alarms=(ALARM,))))
    assert told["running"] is True
    assert (told["process"], told["since"], told["lag_entries"], told["lag_seconds"]) == (
        *(77, "2027-01-15T06:00:00.000Z", 20, 90.0),
    )
    assert told["health"] == {"healthy": 1, "failed": 1}
    assert told["alarms"] == [
        {"key": "contact", "since": "2027-01-15T07:55:00.000Z", "log": None, "text": "no contact\x1b[31m"}
    ]
    logs = told["logs"]
    assert isinstance(logs, list)
    assert logs[0]["requests"] == {"head": {"ok": 3}, "entries": {"ok": 5, "throttled": 1}}
    nobody = as_json(Standing("/s", None, None, {}, 0, 0, None, NOW))
    assert (nobody["running"], nobody["since"], nobody["entries"], nobody["logs"]) == (False, None, None, [])


def test_many_ill_logs_are_told_in_few_lines() -> None:
    ill = tuple(log(f"Log {number}", Health.DEGRADED) for number in range(ILL + 3))
    told = lines(replace(WELL, picture=replace(PICTURE, logs=ill)))
    assert sum("degraded: " in line for line in told) == ILL
    assert "and 3 more: certhia logs shows all" in told


def test_of_nothing() -> None:
    assert healths([]) == "none"
    assert requests([]) == "0 ok, 0 throttled, 0 failed"
    assert requests([{"head": {"ok": 1, "odd": 2}}]) == "1 ok, 0 throttled, 0 failed, 2 odd (head 3)"


def test_it_fits_on_a_screen() -> None:
    alarms = tuple(Alarm(f"stale:{number}", "silent", NOW - 60) for number in range(40))
    logs = tuple(log(f"Log {number}", Health.FAILED) for number in range(40))
    dead = {f"sink{number}": {DEAD: 1} for number in range(40)}
    told = lines(replace(WELL, picture=replace(PICTURE, alarms=alarms, logs=logs), sinks=Noted(counts=dead)))
    assert len(told) <= 40
    assert [line for line in told if line.startswith("and ")] == [
        f"and {40 - FAILING} more: certhia status --json shows all",
        f"and {40 - ILL} more: certhia logs shows all",
        f"and {40 - RAISED} more: certhia alarms shows all",
    ]


def test_what_a_sink_never_took_shows_also_where_nobody_follows() -> None:
    noted = Noted({"hook": {"failing": "down", "since": NOW, "next_at": NOW}}, (), {"hook": {DEAD: 2}})
    told = lines(replace(WELL, process=None, sinks=noted))
    assert "sink hook: 2 dead; certhia outbox list shows them" in told
    assert not any("fails since" in line for line in told)
