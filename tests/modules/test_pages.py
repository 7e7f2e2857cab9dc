"""Pages of entries to the modules that see them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.modules.hosts import Hosted, hosted

from certhia.clock import Clock
from certhia.model import Arrival
from certhia.modules.pages import IDLE
from certhia.sought import NOTHING, scanned

MODULE = """
from certhia.modules import Finding, Info, Sees

class {title}:
    info = Info("{name}", "1", "One", Sees.ENTRIES)

    def process(self, batch):
        return [Finding("seen", entry.certificate.names[0], position=at) for at, entry in batch]
"""


async def test_only_is_evaluated_once_for_each_distinct(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        for name in ("all", "some", "same"):
            one.write(name, MODULE.format(name=name, title=name.capitalize()))
        only = {"trusted": True, "only": ["b.example"]}
        await one.host.replace(one.settings(all={"trusted": True}, some=only, same=only))
        seats = {seat.name: seat for seat in one.host.seats}
        assert seats["some"].only is seats["same"].only
        await one.host.pages.accept(one.arrival("a.example", "b.example"))
        assert sorted(one.found()) == [
            ("all", "a.example"),
            ("all", "b.example"),
            ("same", "b.example"),
            ("some", "b.example"),
        ]
        data = [data for type_, data in one.events if type_ == "finding.reported"]
        assert {(one["index"], one["log"]) for one in data} == {(0, "https://ct.example/"), (1, "https://ct.example/")}
        assert (seats["all"].figures.entries, seats["some"].figures.entries) == (2, 1)


async def test_a_page_without_anything_for_a_module_costs_it_nothing(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("some", MODULE.format(name="some", title="Some"))
        await one.host.replace(one.settings(some={"trusted": True, "only": ["b.example"]}))
        await one.host.pages.accept(one.arrival("a.example"))
        (seat,) = one.host.seats
        assert (seat.figures.calls, one.host.pages.waiting) == (0, 0)


async def test_what_there_is_no_room_for_is_counted_and_told_once(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        one.write("slow", MODULE.format(name="slow", title="Slow"))
        await one.host.replace(one.settings(slow={"queue": 2}))
        for _ in range(5):  # nobody takes them out
            await one.host.pages.accept(one.arrival("a.example", "b.example"))
        (seat,) = one.host.seats
        assert (one.host.pages.waiting, seat.figures.skipped) == (2, 6)
        assert len([text for text in one.said if "2 entries were skipped" in text]) == 1


class Stands(Clock):
    """Stands still until it is set."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


def arrived(one: Hosted, *names: str) -> Arrival:
    """As a follower has it: what modules seek is found in the walk that the watch list has."""
    plain = one.arrival(*names)
    scan, scans = scanned(plain.page, plain.rules, one.host.pages.sought(), precerts=True)
    return replace(plain, scan=scan, scans=scans)


async def test_what_modules_seek_is_found_with_the_watch_list(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        assert one.host.pages.sought() == NOTHING
        one.write("some", MODULE.format(name="some", title="Some"))
        watch, some = {"rules": ["c.example"]}, {"trusted": True, "only": ["b.example"]}
        await one.host.replace(one.settings(watch=watch, some=some))
        sought = one.host.pages.sought()
        assert (len(sought.matchers), sought.names) == (2, False)
        await one.host.replace(one.settings(watch={"rules": ["c.example"]}, domains={}))
        sought = one.host.pages.sought()
        assert (len(sought.matchers), sought.names) == (1, True)
        arrival = arrived(one, "b.example", "c.example")
        assert {matcher: len(scan.hits) for matcher, scan in arrival.scans.items()} == {sought.matchers[0]: 1}


@pytest.mark.parametrize("known", [True, False])
async def test_a_module_with_rules_of_its_own_is_called_where_they_find_something(tmp_path: Path, known: bool) -> None:
    """Also where they came while the page was on its way."""
    async with hosted(tmp_path, Stands()) as one:
        await one.host.replace(one.settings(watch={"rules": ["c.example"]}))
        (seat,) = one.host.seats

        async def accept(*names: str) -> None:
            await one.host.pages.accept(arrived(one, *names) if known else one.arrival(*names))

        await accept("a.example")
        await one.host.pages.drained()
        assert (seat.figures.calls, seat.figures.entries, one.found()) == (1, 1, [])  # to do what is due
        for _ in range(20):
            await accept("a.example", "b.example")
        assert (seat.figures.calls, seat.figures.entries, one.host.pages.waiting) == (1, 41, 0)
        await accept("b.example", "c.example")
        await one.host.pages.drained()
        assert (seat.figures.calls, seat.figures.entries) == (2, 43)
        assert [name for name, _ in one.found()] == ["watch"]


async def test_and_once_a_second_for_nothing(tmp_path: Path) -> None:
    clock = Stands()
    async with hosted(tmp_path, clock) as one:
        await one.host.replace(one.settings(watch={"rules": ["c.example"]}))
        (seat,) = one.host.seats
        for clock.at in (0.0, IDLE / 2, IDLE, IDLE * 1.5, IDLE * 2):
            await one.host.pages.accept(one.arrival("a.example"))
            await one.host.pages.drained()
        assert seat.figures.calls == 3


async def test_only_and_own_rules_both_choose(tmp_path: Path) -> None:
    async with hosted(tmp_path) as one:
        settings = one.settings(watch={"rules": ["kw:example"], "only": ["b.example", "c.test"]})
        await one.host.replace(settings)
        (seat,) = one.host.seats
        await one.host.pages.accept(one.arrival("a.example", "b.example", "c.test"))
        await one.host.pages.drained()
        assert (seat.figures.entries, len(one.found())) == (2, 1)
