"""Log lists of the user's own, by path and by URL: taken unsigned, and guarded as the published ones are."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.logs.canned import Canned
from tests.logs.test_lists import DOWN, LISTER, OWN, PEM, At, listing, names

from certhia.errors import ConfigError, RemoteError
from certhia.logs.lists import Lists
from certhia.net import Response
from certhia.testing import keys


async def test_a_list_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "logs.json"
    path.write_bytes(listing("abc"))
    running = Lists(Canned(), At(), tmp_path / "cache", lists=(), files=(str(path), str(path)))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abc", True)
    assert loaded.notices == (f"log list {path}: not signed; used because you named it",)
    path.write_bytes(listing("abcx", date="2020-01-01T00:00:00Z"))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.notices) == ("abcx", ()), "one's own file may go back in time"
    path.write_bytes(b"oops")
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete, loaded.refused) == ("abcx", False, ())


@pytest.mark.parametrize("by", ["path", "URL"])
@pytest.mark.parametrize("left", ["", "a"])
async def test_a_list_of_ones_own_that_drops_too_much(tmp_path: Path, by: str, left: str) -> None:
    path, transport = tmp_path / "logs.json", Canned()
    place = str(path) if by == "path" else OWN

    def put(body: bytes) -> None:
        path.write_bytes(body)
        transport.put(OWN, body)

    def begin(*, accept_drop: bool = False) -> Lists:
        return Lists(transport, At(), tmp_path / "cache", lists=(), files=(place,), accept_drop=accept_drop)

    put(listing("abc", state="retired"))
    running = begin()
    await running.load()
    put(listing(left, state="retired", date="2026-08-31T00:00:00Z"))
    wrong = "names no log" if not left else "drops 2 of 3 logs that are followed and is refused; --accept-drop takes it"
    for lists in (running, begin(), running):
        loaded = await lists.load()
        assert (names(loaded.logs), loaded.complete) == ("abc", False), "while running and at a start"
        (refused,) = loaded.refused
        assert wrong in refused
        assert refused.endswith("the one of 2026-08-30 (2 days old) is used instead")
        assert loaded.warnings == {refused}
    accepted = await begin(accept_drop=True).load()
    assert names(accepted.logs) == ("a" if left else "abc"), "an empty one is no list, whoever says so"
    again = await begin().load()
    assert (names(again.logs), again.complete) == (("a", True) if left else ("abc", False))


async def test_an_empty_list_of_ones_own_at_a_first_start(tmp_path: Path) -> None:
    path = tmp_path / "logs.json"
    path.write_bytes(listing(""))
    with pytest.raises(ConfigError, match=r"log list \S+/logs\.json: names no log: see to what"):
        await Lists(Canned(), At(), tmp_path / "cache", lists=(), files=(str(path),)).load()
    with pytest.raises(RemoteError, match=r"own\.json: names no log: see to what"):
        await Lists(Canned().put(OWN, listing("")), At(), tmp_path / "cache", lists=(), files=(OWN,)).load()


async def test_a_list_of_ones_own_by_url(tmp_path: Path) -> None:
    transport = Canned().put(OWN, listing("abc"))
    running = Lists(transport, At(), tmp_path, lists=(), files=(OWN,))
    assert names((await running.load()).logs) == "abc"
    transport.put(OWN, listing("abx", date="2020-01-01T00:00:00Z"))
    assert "serves is older" in (await running.load()).refused[0]
    transport.put(OWN, DOWN)
    again = Lists(transport, At(), tmp_path, lists=(), files=(OWN,))
    loaded = await again.load()
    assert (names(loaded.logs), loaded.complete, loaded.refused) == ("abc", False, ())


async def test_a_signed_list_of_ones_own() -> None:
    body = listing("abc")
    transport = Canned().put(OWN, body).put("https://lists.test/own.sig", keys.sign(LISTER, body))
    loaded = await Lists(transport, At(), None, lists=(), files=(OWN,), key=PEM).load()
    assert (loaded.lists[0].signed, loaded.notices) == (True, ())
    transport.put("https://lists.test/own.sig", Response(404, b""))
    with pytest.raises(RemoteError, match=r"own\.sig answered with status 404"):
        await Lists(transport, At(), None, lists=(), files=(OWN,), key=PEM).load()
