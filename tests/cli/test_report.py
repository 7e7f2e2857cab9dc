"""Figures and summaries in words that are right."""

from __future__ import annotations

from certhia.cli import report
from certhia.logs.asked import Asked, Outcome, Reason
from certhia.logs.snapshot import Run
from certhia.logs.status import Status
from certhia.model import Health, Log, Protocol, Summary

DONE = Summary(
    logs=3, entries=1_234_567, verified=1_234_567, quarantined=2, matches=42, sightings=1001, seconds=7300, alarms=()
)


def status(name: str, health: Health = Health.HEALTHY, **fields: object) -> Status:
    log = Log(name.encode().ljust(32), b"", name, "Op", Protocol.STATIC, "https://log.test/", "https://log.test/")
    return Status(log, health=health, **fields)  # type: ignore[arg-type]


def changed(**fields: object) -> Summary:
    values = {name: getattr(DONE, name) for name in Summary.__slots__}
    return Summary(**{**values, **fields})


def test_a_summary() -> None:
    assert report.summary(DONE) == [
        "1,234,567 entries seen in 3 logs (169/s over 2h), 1,234,567 verified, 2 quarantined, "
        "42 matches (1,001 further sightings)",
        "certhia quarantine list shows the entries that could not be decoded",
    ]


def test_where_the_quarantine_is_found() -> None:
    assert report.summary(DONE, state="my state")[1].startswith("certhia quarantine list --state 'my state' shows")
    assert len(report.summary(DONE, state=None)) == 1


def test_kinds_are_counted_apart() -> None:
    told = report.matches(changed(matches=7, possible=1, expected=4))
    assert told == "3 matches (2 alerts, 1 possible), 4 expected"
    assert report.matches(changed(matches=7, expected=4)) == "3 matches, 4 expected"
    assert report.matches(changed(matches=3, possible=2)) == "3 matches (1 alert, 2 possible)"
    assert report.totals(changed(matches=5, expected=5), 200).endswith("2 quarantined, 0 matches, 5 expected")


def test_what_was_not_verified_is_said() -> None:
    assert report.summary(changed(verified=1_234_000, quarantined=0))[1:] == [
        "567 entries were not verified yet: the next run reads them again"
    ]
    assert report.summary(changed(verified=1_234_000, quarantined=0), names_only=True)[1:] == [
        "567 entries were not verified (names alone are read)"
    ]


def test_what_was_dropped_is_said() -> None:
    (line,) = report.summary(changed(quarantined=0), dropped=1500)[1:]
    assert line.startswith("1,500 streamed matches were dropped")


def test_alarms_are_repeated_and_inert() -> None:
    (line,) = report.summary(changed(quarantined=0, alarms=("Log \x1b[31m: root differs\n",)))[1:]
    assert line.startswith("alarm: Log ")
    assert "\x1b" not in line
    assert "\n" not in line


def test_a_run_of_no_time() -> None:
    assert "(0/s over 0s)" in report.summary(changed(seconds=0.0))[0]


def test_totals_fit_the_terminal() -> None:
    assert report.totals(DONE, 200) == "1,234,567 entries, 1,234,567 verified, 2 quarantined, 42 matches"
    assert len(report.totals(DONE, 20)) == 20


def test_healths() -> None:
    statuses = [status("a"), status("b", Health.FAILED, failures=4, error="no answer"), status("c")]
    assert report.healths(statuses) == ["logs: 2 healthy, 1 failed", "b: failed: no answer"]
    assert report.healths([]) == ["logs: none"]


def test_many_ill_logs_are_told_in_few_lines_the_worst_first() -> None:
    ill = [status(f"log{number}", Health.FAILED, failures=number, error="down") for number in range(3, 20)]
    lines = report.healths(ill)
    assert lines[1] == "log19: failed: down"
    assert len(lines) == 2 + report.TROUBLES
    assert lines[-1].startswith(f"and {len(ill) - report.TROUBLES} more")


def test_a_log_without_a_description_is_known_by_its_url() -> None:
    log = Log(b"i" * 32, b"", "", "Op", Protocol.STATIC, "https://log.test/x/", "https://log.test/x/")
    ill = Status(log, health=Health.DEGRADED, error="down")
    assert report.healths([ill])[1] == "https://log.test/x/: degraded: down"


def test_requests_of_all_together_and_of_each_log_that_was_asked() -> None:
    def asked(count: int) -> Asked:
        one = Asked()
        for number in range(count):
            one.note(Reason.ENTRIES, Outcome.THROTTLED if number == 3 else Outcome.OK)
        return one

    statuses = [status(name) for name in "abcde"]
    counts = {one.log.id: asked(place) for place, one in enumerate(statuses)}
    lines = report.asked(Run(1, 0.0, DONE, (), counts, asked(2)), statuses)
    assert lines[0] == "requests: 11 ok, 1 throttled, 0 failed (entries 12)"
    assert lines[1:] == [
        "requests to b: entries 1",
        "requests to c: entries 2",
        "requests to d: entries 3",
        "requests to e: entries 4 (1 throttled)",
    ]
    assert len(report.asked(Run(1, 0.0, DONE, (), {}, Asked()), statuses)) == 1


def test_alarms_that_are_over_are_told_too() -> None:
    (line,) = report.summary(changed(quarantined=0, over=("no contact (over after 2 min)",)))[1:]
    assert line == "alarm that is over: no contact (over after 2 min)"
