"""From what modules gave to what people hear of."""

from __future__ import annotations

from pathlib import Path

from tests.modules.hosts import Hosted, hosted

from certhia.modules.finding import Drop, Finding, Name
from certhia.modules.reporting import LINES, MINUTE, Reporting
from certhia.modules.seat import Seat
from certhia.testing import SimClock, entries_of, matches_of

MODULE = """
from certhia import Match, module

@module
def mine(match: Match) -> None:
    return None
"""


async def seated(one: Hosted) -> Seat:
    one.write("mine", MODULE)
    await one.host.replace(one.settings(mine={"trusted": True}))
    one.events.clear()
    (seat,) = one.host.seats
    return seat


async def test_a_finding_says_what_it_is_about(tmp_path: Path, certhia_clock: SimClock) -> None:
    correlations: list[str] = []
    async with hosted(tmp_path) as one:
        seat = await seated(one)

        def publish(type: str, data: object, *, correlation: str = "") -> None:  # noqa: A002
            correlations.append(correlation)
            one.publish(type, data)  # type: ignore[arg-type]

        reporting = Reporting(publish, lambda: one.watchlist, certhia_clock, one.tell)
        entries, matches = entries_of("a.example", first=40), matches_of("b.example")
        found = Finding("odd", "an odd one", severity="low", position=0, names=("x",), data={"a": 1})
        reporting.report(seat, [found], entries)
        reporting.report(seat, [found], matches)
        reporting.report(seat, [Finding("odd", "all in all"), Drop(0, "no")])
        reporting.report(seat, [Finding("odd", "far away", position=9)], matches)
    first, second, third, fourth = (data for _, data in one.events)
    assert first == {
        "module": "mine",
        "kind": "odd",
        "severity": "low",
        "text": "an odd one",
        "names": ("x",),
        "log": "https://ct.example/",
        "index": 40,
        "match": None,
        "data": {"a": 1},
    }
    key = matches.matches[0].key.hex()
    assert (second["match"], second["index"], third["log"], fourth["match"]) == (key, 0, None, None)
    assert correlations == [entries.page[0].certificate.tbs_sha256.hex(), key, "", ""]
    assert one.said[-4:] == ["mine: an odd one", "mine: an odd one", "mine: all in all", "mine: far away"]


async def test_names_count_where_somebody_watches_for_them(tmp_path: Path, certhia_clock: SimClock) -> None:
    async with hosted(tmp_path) as one:
        seat = await seated(one)
        reporting = Reporting(one.publish, lambda: one.watchlist, certhia_clock, one.tell)
        names = [Name("www.example.com", "a page", 0.5), Name("www.other.example", "a page"), Name("", "nothing")]
        reporting.report(seat, names)
    ((_, data),) = one.events
    assert (data["kind"], data["names"]) == ("name", ("www.example.com",))
    assert data["data"] == {"source": "a page", "confidence": 0.5, "rules": ["example.com"]}


async def test_lines_are_few(tmp_path: Path, certhia_clock: SimClock) -> None:
    async with hosted(tmp_path) as one:
        seat = await seated(one)
        one.said.clear()
        reporting = Reporting(one.publish, lambda: one.watchlist, certhia_clock, one.tell)
        reporting.report(seat, [Finding("odd", "one")] * (LINES + 5))
        assert len(one.said) == LINES
        assert len(one.events) == LINES + 5
        certhia_clock.advance(MINUTE)
        reporting.report(seat, [Finding("odd", "two")])
    assert one.said[LINES:] == [
        "5 further findings of modules: `certhia events --type finding.reported` has them",
        "mine: two",
    ]
