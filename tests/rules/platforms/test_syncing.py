"""One look at a platform, and what changes by it."""

from __future__ import annotations

import pytest
from tests.rules.platforms.asked import ask, hackerone

from certhia.errors import BadAnswer, RemoteError
from certhia.rules.platforms import syncing
from certhia.rules.platforms.kept import Kept
from certhia.rules.platforms.records import Ruled, Scope
from certhia.rules.platforms.syncing import Change, Synced, changes, sync
from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import FakeProgramme
from certhia.testing.platforms import FakePlatforms, say

A = FakeProgramme("a", "A", [("URL", "a.example", True)])
B = FakeProgramme("b", "B", [("URL", "b.example", True), ("URL", "x.b.example", False)])


async def once(platforms: FakePlatforms, kept: Kept | None = None) -> Synced:
    return await sync("hackerone", kept or Kept(), hackerone(), ask(platforms, platforms.clock))


@in_simulated_time
async def test_what_comes_and_goes(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [A])
    first = await once(platforms)
    assert first.changes == (Change("a", "A", ("=a.example",), new=True),)
    platforms.programmes[:] = [B]
    second = await once(platforms, first.kept)
    assert second.changes == (
        Change("a", "A", (), ("=a.example",), ends=True),
        Change("b", "B", ("=b.example", "!=x.b.example"), new=True),
    )
    B.assets = [("URL", "c.b.example", True)]
    third = await once(platforms, second.kept)
    assert third.changes == (Change("b", "B", ("=c.b.example",), ("=b.example", "!=x.b.example")),)
    assert (await once(platforms, third.kept)).changes == ()


@in_simulated_time
async def test_a_programme_whose_scope_cannot_be_had_keeps_the_one_it_had(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [A, FakeProgramme("c", "C", [("URL", "c.example", True)])])
    first = await once(platforms)
    platforms.fault("programs/a/", say(404))
    second = await once(platforms, first.kept)
    assert (second.kept.scopes, second.changes) == (first.kept.scopes, ())
    assert "A: " in second.failed[0]


@in_simulated_time
async def test_no_scope_at_all_is_a_failure(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [A])
    platforms.fault("programs/a/", say(403))
    with pytest.raises(RemoteError, match=r"no programme's scope can be had: A: .*refused"):
        await once(platforms)


@in_simulated_time
async def test_an_empty_list_must_be_said_twice(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [A])
    first = await once(platforms)
    platforms.programmes.clear()
    second = await once(platforms, first.kept)
    assert (second.kept.scopes, second.kept.emptied, second.changes) == (first.kept.scopes, True, ())
    assert second.notes == ["lists no programme, where it had 1: they stay until it says so once more"]
    third = await once(platforms, second.kept)
    assert (third.kept.scopes, third.kept.emptied) == ({}, False)
    assert third.changes[0].ends


@in_simulated_time
async def test_scopes_that_are_all_empty_must_be_said_twice(certhia_clock: SimClock) -> None:
    """Keys that have other names now look like this."""
    platforms = FakePlatforms(certhia_clock, [A])
    first = await once(platforms)
    platforms.programmes[:] = [FakeProgramme("a", "A")]
    second = await once(platforms, first.kept)
    assert (second.kept.scopes, second.kept.emptied, second.changes) == (first.kept.scopes, True, ())
    assert second.notes == ["has no name or network in any scope, where it had 1: they stay until it says so once more"]
    third = await once(platforms, second.kept)
    assert third.changes == (Change("a", "A", (), ("=a.example",)),)


@in_simulated_time
async def test_rules_are_bounded(certhia_clock: SimClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "MAX_RULES", 0)
    with pytest.raises(BadAnswer, match="come to more than 0 rules; lower max_programs"):
        await once(FakePlatforms(certhia_clock, [A]))


def test_changes_of_a_name() -> None:
    rule = (Ruled("exact", "a.example"),)
    assert changes(Kept({"a": Scope("a", "Old", rule)}), Kept({"a": Scope("a", "New", rule)})) == []
