"""Pages of entries to the modules that see them."""

from __future__ import annotations

from pathlib import Path

from tests.modules.hosts import hosted

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
