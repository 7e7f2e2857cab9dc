"""Faults D01 to D05: certificates that are none, that are too much, that hide a name, and a defect of our own."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import cast

from tests.core.archives import members
from tests.logs.bench import Bench, Unnamed, fill, make
from tests.rig import Rig

from certhia._core import Issuers, Matcher, Page, Scan
from certhia.errors import CerthiaError
from certhia.logs.reading import Reading
from certhia.model import Health, Protocol
from certhia.rules.watchlist import Watchlist
from certhia.sinks.human import line
from certhia.testing import Submission, World, in_simulated_time
from certhia.testing.faults import find
from certhia.testing.installs import LOOKALIKES, MANY_NAMES, SPELLINGS

MINUTE = 60.0
STEERS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]")
SCAN = Path(__file__).resolve().parents[2] / "crates" / "certhia-core" / "src" / "scan.rs"


@in_simulated_time
async def test_d01_hostile_der(certhia_world: World, corpus: Path) -> None:
    """Every hostile file of the corpus is an entry that is read or quarantined; none is lost, none stops the log."""
    log = make(certhia_world, Protocol.RFC6962)
    contents = [content for _, content in members(corpus / "hostile.tar.zst") if 0 < len(content) < 1 << 16]
    log.add(*(Submission(content, ()) for content in contents))
    log.publish()
    find("D01").install(certhia_world, log)
    bench = Bench(certhia_world, log)
    await bench.follow(30 * MINUTE)
    bench.check()
    assert 2 <= bench.status.quarantined <= log.size
    assert bench.status.health is Health.HEALTHY


@in_simulated_time
async def test_d02_many_names(certhia_world: World, tmp_path: Path) -> None:
    """All ten thousand names are matched and kept; people are shown one line, with how many more there are."""
    log = certhia_world.static("alpha")
    find("D02").install(certhia_world, log)
    rig = Rig(certhia_world, tmp_path, [f"=host{number}.example.com" for number in range(0, MANY_NAMES, 100)])
    await rig.run(MINUTE)
    (told,) = rig.sheet.told
    assert len(told.match.names) == MANY_NAMES
    assert {hit.name for hit in told.match.hits} == {
        f"host{number}.example.com" for number in range(0, MANY_NAMES, 100)
    }
    assert "+9999 names" in line(told)
    assert len(line(told)) < 500


def test_d02_many_names_in_time_in_proportion(certhia_world: World) -> None:
    """Ten times as many names take about ten times as long; were it by their square, it would be a hundred times."""
    matcher = Watchlist.load(["example.com", "*.example.org", "typo:paypal.com", "kw:login"]).matcher
    took = []
    for count in (MANY_NAMES // 10, MANY_NAMES):
        log = certhia_world.rfc6962(f"log{count}")
        log.add(certhia_world.ca.issue([f"host{number}.example.com" for number in range(count)]))
        log.publish()
        body = certhia_world.handle("GET", f"{log.url}ct/v1/get-entries?start=0&end=0").body
        page, runs = Page.from_get_entries([body], 0, Issuers()), []
        for _ in range(5):
            began = time.process_time()
            ((_, hits),) = matcher.scan(page).hits
            runs.append(time.process_time() - began)
            assert len(hits) >= count
        took.append(min(runs))
    few, many = took
    assert many <= 30 * few


@in_simulated_time
async def test_d03_evasion(certhia_world: World, tmp_path: Path) -> None:
    """Each spelling of a watched name is told, whether or not other software would take it for that name."""
    log = certhia_world.rfc6962("alpha")
    find("D03").install(certhia_world, log)
    rig = Rig(certhia_world, tmp_path, ["example.com"])
    await rig.run(MINUTE)
    assert sorted(delivery.match.sighting.index for delivery in rig.sheet.told) == list(range(len(SPELLINGS) + 1))


@in_simulated_time
async def test_d04_look_alike(certhia_world: World, tmp_path: Path) -> None:
    """Told with what it really is; no character that would steer a terminal, or turn a line around, comes out raw."""
    log = certhia_world.rfc6962("alpha")
    find("D04").install(certhia_world, log)
    rig = Rig(certhia_world, tmp_path, ["typo:paypal.com", "typo:microsoft.com", "kw:elpmaxe"])
    await rig.run(MINUTE)
    assert len(rig.sheet.told) == len(LOOKALIKES)
    lines = [line(delivery) for delivery in rig.sheet.told]
    assert [
        text for text in lines if re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", text)
    ] == []
    tricks = {hit.detail for delivery in rig.sheet.told for hit in delivery.match.hits if hit.detail}
    assert "homoglyph" in tricks
    assert any("xn--pypal-4ve" in text for text in lines), "the A-label is there"


class Defective:
    """Rules in which a panic of the core comes up, as often as it is told to: what its boundary makes of one."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.inner = Matcher([("all", "")])

    def scan(self, page: Page, *, precerts: bool = True) -> Scan:
        if self.times > 0:
            self.times -= 1
            raise CerthiaError("a defect in Certhia's core (boom); please report it with the input")
        return self.inner.scan(page, precerts=precerts)


@in_simulated_time
async def test_d05_panic(certhia_world: World, tmp_path: Path) -> None:
    """A panic beyond a single entry costs a restart of that log's follower; both logs are read whole.

    That one within an entry costs that entry alone is the core's own test: a_panic_costs_one_entry, in scan.rs.
    """
    for name in ("alpha", "beta"):
        fill(certhia_world, make(certhia_world, Protocol.RFC6962, name), 300)
    rig = Rig(certhia_world, tmp_path, ["example.com"])
    rig.reading = Reading(poll_static=60, poll_rfc6962=60)
    defective = Defective(2)
    async with rig.running():
        rig.watchlist = cast("Watchlist", Unnamed(cast("Matcher", defective)))
        await rig.clock.sleep(30 * MINUTE)
    assert defective.times == 0
    assert rig.summary is not None
    assert rig.summary.verified == 600
    assert any("a defect in Certhia's core (boom)" in text for text in rig.texts)
    await rig.check()
    assert "fn a_panic_costs_one_entry()" in SCAN.read_text(encoding="utf-8")
