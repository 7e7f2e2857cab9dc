"""One alert a certificate; later sightings counted and kept; nothing that is not asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from certhia._core import Issuers, Page
from certhia.dedupe import Seen
from certhia.logs.chains import Chains
from certhia.model import Arrival, Hit, Log, Match, MatchKind, RuleHit
from certhia.rules.expected import NONE, Expected
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist
from certhia.store import State
from certhia.telling import Limits, Teller
from certhia.testing import FakeLog, Issued, RawEntry, World, in_simulated_time


class Desk:
    """A teller over a state of its own."""

    def __init__(
        self, world: World, state: State, rules: Sequence[str], limits: Limits, size: int, ttl: float = 86_400
    ) -> None:
        self.world, self.state = world, state
        self.streamed: list[Match] = []
        self.seen = Seen(size, ttl, world.clock)
        self.watchlist = Watchlist.load(rules)
        self.expected = NONE
        self.issuers = Issuers()
        self.asked: list[bytes] = []
        self.chains = Chains(self.issuers, self.ask, world.clock)
        self.teller = Teller(
            state,
            self.seen,
            ["sheet"],
            self.streamed.append,
            limits=limits,
            clock=world.clock,
            expected=lambda: self.expected,
        )

    async def ask(self, log: Log, fingerprint: bytes) -> bytes | None:
        """What a log's client would give."""
        self.asked.append(fingerprint)
        return self.world.logs[log.description].issuers.get(fingerprint)

    async def accept(self, arrival: Arrival) -> int:
        return await self.teller.accept(arrival, self.chains)

    def arrival(self, log: FakeLog, start: int = 0, *, verified: bool = False) -> Arrival:
        """All published entries of the log from `start` on."""
        log.publish()
        body = self.world.handle("GET", f"{log.url}ct/v1/get-entries?start={start}&end={log.size - 1}").body
        page = Page.from_get_entries([body], start, Issuers())
        self.state.writer.log(log.model)
        rules = self.watchlist
        return Arrival(log.model, page, rules.matcher.scan(page), rules, verified)

    async def take(self, log: FakeLog, start: int = 0) -> int:
        """Accepts them and commits; gives what `accept` gave."""
        found = await self.accept(self.arrival(log, start))
        await self.state.writer.durable()
        return found

    async def stored(self) -> dict[str, Match]:
        """The state's matches by first name."""
        return {one.match.names[0]: one.match for one in await self.state.matches(limit=1000)}

    async def told(self) -> list[str]:
        """First names of what waits for the sink, in order."""
        return [delivery.match.names[0] for delivery in await self.state.pending("sheet")]

    @property
    def counts(self) -> tuple[int, int]:
        return self.teller.matches, self.teller.sightings


@asynccontextmanager
async def desk(
    world: World,
    path: Path,
    rules: Sequence[str] = ("example.com",),
    limits: Limits | None = None,
    size: int = 1000,
) -> AsyncIterator[Desk]:
    async with await State.open(path, clock=world.clock, follow=True) as state:
        yield Desk(world, state, rules, limits or Limits(), size)


def issue(world: World, *names: str, precert: bool = False) -> Issued:
    return world.ca.issue(list(names) or ["www.example.com"], precert=precert)


@in_simulated_time
async def test_precertificate_certificate_and_several_logs_are_one_alert(certhia_world: World, tmp_path: Path) -> None:
    one, two = certhia_world.rfc6962("one"), certhia_world.rfc6962("two")
    precert = issue(certhia_world, precert=True)
    (entry,) = one.add(precert)
    two.add(precert, certhia_world.ca.finish(precert, [one.sct(entry)]))
    one.add(certhia_world.ca.finish(precert, [one.sct(entry)]))
    async with desk(certhia_world, tmp_path) as here:
        assert await here.take(one) == 2
        assert await here.take(two) == 2
        assert await here.told() == ["www.example.com"]
        assert here.counts == (1, 3)
        match = (await here.stored())["www.example.com"]
        assert match.sightings == 4
        assert (match.sighting.log_id, match.sighting.index, match.sighting.is_precert) == (one.id, 0, True)
        assert await here.state.sighted(two.id, [0, 1, 2]) == {0, 1}


@in_simulated_time
async def test_every_sighting(certhia_world: World, tmp_path: Path) -> None:
    one, two = certhia_world.rfc6962("one"), certhia_world.rfc6962("two")
    precert = issue(certhia_world, precert=True)
    for log in (one, two):
        log.add(precert, certhia_world.ca.finish(precert))
    async with desk(certhia_world, tmp_path, limits=Limits(every_sighting=True)) as here:
        await here.take(one)
        await here.take(two)
        assert len(await here.told()) == 4
        assert here.counts == (4, 0)
        await here.take(one)
        assert here.counts == (4, 0), "the same entry again is no other sighting"
    async with desk(certhia_world, tmp_path, limits=Limits(every_sighting=True)) as here:
        await here.take(one)
        assert len(await here.told()) == 4


@in_simulated_time
async def test_what_comes_again_is_recognised(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(*(issue(certhia_world, f"host{number}.example.com") for number in range(5)))
    async with desk(certhia_world, tmp_path) as here:
        await here.take(log)
        await here.take(log)
        assert here.counts == (5, 0)
    async with desk(certhia_world, tmp_path) as here:
        await here.take(log)
        assert here.counts == (0, 0)
        log.add(issue(certhia_world, "host9.example.com"))
        await here.take(log)
        assert here.counts == (1, 0)
        assert len(await here.told()) == 6
        assert {match.sightings for match in (await here.stored()).values()} == {1}


@in_simulated_time
async def test_memory_is_bounded_and_the_state_knows_more(certhia_world: World, tmp_path: Path) -> None:
    one, two = certhia_world.rfc6962("one"), certhia_world.rfc6962("two")
    certificates = [issue(certhia_world, f"host{number}.example.com") for number in range(50)]
    one.add(*certificates)
    two.add(*certificates)
    async with desk(certhia_world, tmp_path, size=3) as here:
        await here.take(one)
        await here.take(two)
        assert len(here.seen) == 3
        assert len(await here.told()) == 50
        assert here.counts == (50, 50)
        assert {match.sightings for match in (await here.stored()).values()} == {2}


@in_simulated_time
async def test_everything_is_streamed_and_not_stored(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    precert = issue(certhia_world, "www.shop.test", precert=True)
    log.add(precert, certhia_world.ca.finish(precert), issue(certhia_world, "www.example.com"))
    async with desk(certhia_world, tmp_path, rules=(".", "example.com")) as here:
        assert await here.take(log) == 3
        assert [match.names[0] for match in here.streamed] == ["www.shop.test"]
        assert list(await here.stored()) == ["www.example.com"]
        assert here.counts == (2, 1)
        assert {hit.rule for hit in (await here.stored())["www.example.com"].hits} == {".", "example.com"}


@pytest.mark.parametrize(
    "limits, expected",
    [
        (Limits(since=1000.0), ["b", "c"]),
        (Limits(until=2000.0), ["a", "b"]),
        (Limits(since=1000.0, until=2000.0), ["b"]),
        (Limits(roots=Roots(["example.co.uk"])), ["c"]),
    ],
)
@in_simulated_time
async def test_limits(certhia_world: World, tmp_path: Path, limits: Limits, expected: list[str]) -> None:
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world, "a.example.com"), timestamp=999_999)
    log.add(issue(certhia_world, "b.example.com"), timestamp=1_000_000)
    log.add(issue(certhia_world, "c.example.com", "x.example.co.uk"), timestamp=2_000_000)
    async with desk(certhia_world, tmp_path, limits=limits) as here:
        assert await here.take(log) == len(expected)
        assert await here.told() == [f"{name}.example.com" for name in expected]
        assert here.counts == (len(expected), 0)


@in_simulated_time
async def test_what_nobody_asked_for_leaves_no_trace(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world, "www.other.test"))
    async with desk(certhia_world, tmp_path) as here:
        assert await here.take(log) == 0
        assert await here.stored() == {}
        assert len(here.seen) == 0


@in_simulated_time
async def test_quarantined_entries_are_kept(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    raw = b"\0\7" + b"odd" * 10
    log.add(issue(certhia_world), RawEntry(raw))
    async with desk(certhia_world, tmp_path) as here:
        assert await here.take(log) == 1
        (kept,) = [one async for one in here.state.quarantined()]
        assert (kept.log_id, kept.index, kept.leaf_input) == (log.id, 1, raw)
        assert kept.leaf_hash == log.tree.leaf(1)
        assert kept.reason


@in_simulated_time
async def test_a_match_says_whether_it_was_proven_when_told(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world))
    async with desk(certhia_world, tmp_path) as here:
        await here.accept(here.arrival(log, verified=True))
        await here.state.writer.durable()
        (delivery,) = await here.state.pending("sheet")
        assert delivery.match.seen == certhia_world.clock.now()


@in_simulated_time
async def test_a_teller_that_is_stopped_in_between_loses_no_alert(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(*(issue(certhia_world, f"host{number}.example.com") for number in range(5)))
    async with desk(certhia_world, tmp_path) as here:
        arrival = here.arrival(log)
        for steps in range(6):
            task = asyncio.get_running_loop().create_task(here.accept(arrival))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await here.take(log)
        assert sorted(await here.told()) == [f"host{number}.example.com" for number in range(5)]


@in_simulated_time
async def test_two_logs_at_the_same_moment(certhia_world: World, tmp_path: Path) -> None:
    logs = [certhia_world.rfc6962(f"log{number}") for number in range(4)]
    for log in logs:
        log.add(*(issue(certhia_world, f"own{log.name}.example.com") for _ in range(2)))
    shared = [issue(certhia_world, f"host{number}.example.com") for number in range(20)]
    for log in logs:
        log.add(*shared)
    async with desk(certhia_world, tmp_path) as here:
        writing = asyncio.get_running_loop().create_task(here.state.writer.run())
        arrivals = [here.arrival(log) for log in logs]
        await asyncio.gather(*(here.accept(arrival) for arrival in arrivals))
        await here.state.writer.durable()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        stored = await here.stored()
        assert {stored[f"host{number}.example.com"].sightings for number in range(20)} == {4}
        assert len(await here.told()) == 28
        assert here.counts == (28, 60)


@in_simulated_time
async def test_what_could_not_be_decoded_is_matched_marked_and_kept(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(certhia_world.ca.undecodable("truncated"), certhia_world.ca.undecodable("truncated"))
    async with desk(certhia_world, tmp_path) as here:
        assert await here.take(log) == 2
        kept = {one.index: one.reason async for one in here.state.quarantined()}
        told = {match.sighting.index: match for match in (await here.stored()).values()}
        assert {index: match.fault for index, match in told.items()} == kept
        assert all(match.kind is MatchKind.ALERT for match in told.values())
        assert [match.renewal for match in told.values()] == ["", ""], "what can't be read is nobody's kin"


@in_simulated_time
async def test_ones_own_certificates_are_told_as_such(certhia_world: World, tmp_path: Path) -> None:
    log, ca = certhia_world.rfc6962("one"), certhia_world.ca
    own, other = issue(certhia_world, "own.example.com", precert=True), issue(certhia_world, "other.example.com")
    log.add(own, other)
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own.pem").write_text(ca.finish(own).pem)
    async with desk(certhia_world, tmp_path / "state", limits=Limits(kinds=frozenset((MatchKind.ALERT,)))) as here:
        here.expected = Expected.load([folder])
        assert await here.take(log) == 2
        assert await here.told() == ["other.example.com"], "only alerts were asked for"
        stored = await here.stored()
        assert {name: (match.kind, match.expected, match.renewal) for name, match in stored.items()} == {
            "own.example.com": (MatchKind.EXPECTED, "certificate", ""),
            "other.example.com": (MatchKind.ALERT, "", "key"),
        }
        assert here.teller.kinds == {MatchKind.ALERT: 1, MatchKind.EXPECTED: 1}


@in_simulated_time
async def test_renewals_of_what_was_matched_before(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world, "a.example.com"), issue(certhia_world, "b.example.com"))
    async with desk(certhia_world, tmp_path) as here:
        await here.take(log)
        assert [match.renewal for _, match in sorted((await here.stored()).items())] == ["", "key"], "one page"
    async with desk(certhia_world, tmp_path) as here:
        log.add(issue(certhia_world, "c.example.com"))
        await here.take(log)
        assert (await here.stored())["c.example.com"].renewal == "key", "an earlier run"


@in_simulated_time
async def test_each_sighting_of_a_certificate_is_no_renewal_of_it(certhia_world: World, tmp_path: Path) -> None:
    one, two = certhia_world.rfc6962("one"), certhia_world.rfc6962("two")
    precert = issue(certhia_world, precert=True)
    for log in (one, two):
        log.add(precert, certhia_world.ca.finish(precert))
    async with desk(certhia_world, tmp_path, limits=Limits(every_sighting=True)) as here:
        await here.take(one)
        await here.take(two)
        assert {stored.match.renewal for stored in await here.state.matches()} == {""}


@in_simulated_time
async def test_what_is_only_possible_is_a_kind_of_its_own(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    own = issue(certhia_world, "?.example.com", "own.example.org")
    log.add(issue(certhia_world, "?.example.com"), issue(certhia_world, "?.example.com", "www.example.com"), own)
    file = tmp_path / "own.txt"
    file.write_text(f"cert:{own.sha256.hex()}\n")
    limits = Limits(kinds=frozenset((MatchKind.POSSIBLE,)))
    async with desk(certhia_world, tmp_path / "state", ["=www.example.com"], limits=limits) as here:
        here.expected = Expected.load([file])
        assert await here.take(log) == 3
        kinds = [(one.match.sighting.index, one.match.kind) for one in await here.state.matches()]
        assert sorted(kinds) == [(0, MatchKind.POSSIBLE), (1, MatchKind.ALERT), (2, MatchKind.EXPECTED)]
        assert [delivery.match.sighting.index for delivery in await here.state.pending("sheet")] == [0]
        assert here.teller.kinds == dict.fromkeys(MatchKind, 1)


@in_simulated_time
async def test_kinds_that_are_not_told_are_not_streamed(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    own = issue(certhia_world, "own.example.org")
    log.add(own, issue(certhia_world, "other.example.org"))
    file = tmp_path / "own.txt"
    file.write_text(f"cert:{own.tbs_sha256.hex()}\n")
    limits = Limits(kinds=frozenset((MatchKind.ALERT,)))
    async with desk(certhia_world, tmp_path / "state", ["."], limits=limits) as here:
        here.expected = Expected.load([file])
        await here.take(log)
        assert [match.names[0] for match in here.streamed] == ["other.example.org"]
        assert here.teller.kinds == {MatchKind.ALERT: 1, MatchKind.EXPECTED: 1}


class Elsewhere(Watchlist):
    """Rules that find names which a certificate's list of them leaves out, as that of a subject without end may."""

    def hits(self, found: Sequence[Hit]) -> tuple[RuleHit, ...]:
        return tuple(replace(hit, name="unlisted.example.co.uk") for hit in super().hits(found))


@in_simulated_time
async def test_roots_keep_what_was_found_by_a_name_that_is_not_listed(certhia_world: World, tmp_path: Path) -> None:
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world, "www.example.com"))
    async with desk(certhia_world, tmp_path, limits=Limits(roots=Roots(["example.co.uk"]))) as here:
        assert await here.take(log) == 0
        here.watchlist = Elsewhere("example.com")
        assert await here.take(log) == 1


@in_simulated_time
async def test_what_could_not_be_staged_does_not_count_as_seen(certhia_world: World, tmp_path: Path) -> None:
    """A fault of ours costs its page a second reading, and no alert."""
    log = certhia_world.rfc6962("one")
    log.add(issue(certhia_world, "a.example.com"), issue(certhia_world, "b.example.com"))
    async with desk(certhia_world, tmp_path) as here:
        faults = [RuntimeError("ours")]

        def routes(match: Match) -> list[str]:
            if match.names[0] == "b.example.com" and faults:
                raise faults.pop()
            return []

        here.teller._routes = routes
        with pytest.raises(RuntimeError, match="ours"):
            await here.take(log)
        await here.take(log)
        assert await here.told() == ["a.example.com", "b.example.com"]
        assert sorted(await here.stored()) == ["a.example.com", "b.example.com"]
