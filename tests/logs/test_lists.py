"""Lists over time: fresh, kept, shipped; refused when they can't be right."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.logs.canned import Canned

from certhia import data
from certhia.clock import Clock
from certhia.errors import ConfigError, RemoteError
from certhia.logs import kept
from certhia.logs.lists import Lists, Loaded
from certhia.logs.loglist import MAX_LIST
from certhia.logs.origin import APPLE, GOOGLE, GOOGLE_SIGNATURE
from certhia.logs.select import Choice, choose, difference
from certhia.model import Log, Protocol
from certhia.testing import keys

SHIPPED, SIGNATURE = data.google_list()
LISTER = keys.p256("lister")
PEM = keys.public_pem(LISTER).encode()
OWN = "https://lists.test/own.json"
DOWN = RemoteError("no route to host")


class At(Clock):
    """Stands still until moved."""

    def __init__(self, time: str = "2026-09-01T00:00:00+00:00") -> None:
        super().__init__(seed=1)
        self.move(time)

    def move(self, time: str) -> None:
        self.time = datetime.fromisoformat(time).timestamp()

    def now(self) -> float:
        return self.time


def listing(names: str, *, date: str = "2026-08-30T00:00:00Z", **fields: object) -> bytes:
    """A list with one usable log for each letter of `names`."""
    logs = []
    for name in names:
        spki = keys.spki(keys.p256(str(fields.get("key", "")) + name))
        identifier = base64.b64encode(hashlib.sha256(spki).digest()).decode()
        logs.append(
            {
                "description": f"log {name}",
                "log_id": identifier,
                "key": base64.b64encode(spki).decode(),
                "url": f"https://{name}.test/",
                "mmd": 86400,
                "state": {fields.get("state", "usable"): {"timestamp": "2026-01-01T00:00:00Z"}},
                "temporal_interval": {
                    "start_inclusive": "2026-01-01T00:00:00Z",
                    "end_exclusive": fields.get("end", "2027-01-01T00:00:00Z"),
                },
            }
        )
    top = {"version": "1.0", "log_list_timestamp": date, "operators": [{"name": "Op", "logs": logs}]}
    return json.dumps(top).encode()


def google(transport: Canned, body: bytes) -> Canned:
    return transport.put(GOOGLE, body).put(GOOGLE_SIGNATURE, keys.sign(LISTER, body))


def names(logs: tuple[Log, ...]) -> str:
    return "".join(log.description[-1] for log in logs)


def ours(transport: Canned, clock: Clock, cache: Path | None, **more: object) -> Lists:
    return Lists(transport, clock, cache, google_key=PEM, **more)  # type: ignore[arg-type]


async def test_the_real_list_fresh_from_the_network(tmp_path: Path) -> None:
    transport = Canned().put(GOOGLE, SHIPPED).put(GOOGLE_SIGNATURE, SIGNATURE)
    loaded = await Lists(transport, At(), tmp_path).load()
    assert (loaded.complete, len(loaded.logs), loaded.notices) == (True, 117, ())
    assert loaded.as_of == datetime(2026, 9, 1, tzinfo=UTC)
    assert loaded.lists[0].signed
    assert kept.read(kept.place(tmp_path, "google")) == (SHIPPED, SIGNATURE)
    assert sum(log.protocol is Protocol.HYBRID for log in loaded.logs) == 3


async def test_a_first_start_without_a_network() -> None:
    loaded = await Lists(Canned().put(GOOGLE, DOWN), At("2026-11-21T12:00:00+00:00"), None).load()
    assert (loaded.complete, len(loaded.logs)) == (False, 117)
    (notice,) = loaded.notices
    assert "no route to host" in notice
    assert "the one of 2026-08-20 (92 days old) is used instead" in notice
    assert loaded.as_of == datetime(2026, 8, 20, 13, 34, 57, tzinfo=UTC)


async def test_a_later_start_without_a_network(tmp_path: Path) -> None:
    clock, transport = At(), google(Canned(), listing("abc"))
    assert (await ours(transport, clock, tmp_path).load()).complete
    transport.put(GOOGLE, DOWN)
    loaded = await ours(transport, clock, tmp_path).load()
    assert (names(loaded.logs), loaded.complete, loaded.lists[0].signed) == ("abc", False, True)
    assert "the one of 2026-08-30 (2 days old)" in loaded.notices[0]


async def test_the_network_fails_while_running() -> None:
    clock, transport = At(), google(Canned(), listing("abc"))
    running = ours(transport, clock, None)
    first = await running.load()
    transport.put(GOOGLE, DOWN)
    clock.move("2026-09-01T06:00:00+00:00")
    second = await running.load()
    assert (second.logs, second.complete, second.as_of) == (first.logs, False, first.as_of)
    google(transport, listing("abcd"))
    clock.move("2026-09-01T12:00:00+00:00")
    third = await running.load()
    assert names(difference(second.logs, third.logs).added) == "d"
    assert third.as_of == datetime(2026, 9, 1, 12, tzinfo=UTC)


async def test_a_kept_copy_that_was_tampered_with(tmp_path: Path) -> None:
    path = kept.place(tmp_path, "google")
    kept.write(path, SHIPPED.replace(b"usable", b"pending", 1), SIGNATURE)
    loaded = await Lists(Canned().put(GOOGLE, DOWN), At(), tmp_path).load()
    assert len(loaded.logs) == 117
    assert f"the copy kept in {path} can't be used" in loaded.notices[0]
    assert "the one of 2026-08-20" in loaded.notices[1]


async def test_a_bad_signature_changes_nothing(tmp_path: Path) -> None:
    transport = google(Canned(), listing("abc"))
    running = ours(transport, At(), tmp_path)
    await running.load()
    transport.put(GOOGLE, listing("abcd"))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abc", False)
    assert "signature does not hold" in loaded.notices[0]
    assert kept.read(kept.place(tmp_path, "google")) == (listing("abc"), transport.answers[GOOGLE_SIGNATURE][0].body)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "fresh, taken",
    [
        (listing("abcdefg"), True),
        (listing("abcdef"), False),
        (listing(""), False),
        (listing("abcdefghij", state="retired"), False),
        (listing("abcdefghij", key="other "), False),
        (listing("abcdefghijklmno"), True),
    ],
    ids=["30 % gone", "40 % gone", "empty", "all retired", "all rekeyed", "more"],
)
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_list_that_drops_too_much(tmp_path: Path, fresh: bytes, taken: bool, restarted: bool) -> None:
    transport = google(Canned(), listing("abcdefghij"))
    running = ours(transport, At(), tmp_path)
    before = await running.load()
    google(transport, fresh)
    if restarted:
        running = ours(transport, At(), tmp_path)
    loaded = await running.load()
    assert loaded.complete is taken
    if not taken:
        assert loaded.logs == before.logs
        assert "of 10 logs that are followed and is refused; --accept-drop takes it" in loaded.notices[0]
        accepted = await ours(transport, At(), tmp_path, accept_drop=True).load()
        assert accepted.complete
        assert accepted.logs != before.logs


@pytest.mark.parametrize("by", ["--allow", "--log"])
async def test_what_the_user_follows_is_what_may_not_go(tmp_path: Path, by: str) -> None:
    """One log of ten is few, and all that is followed."""
    transport = google(Canned(), listing("abcdefghij"))
    first = await ours(transport, At(), tmp_path).load()
    a = first.logs[0]
    choice = Choice(allow=(a.description,)) if by == "--allow" else Choice(only=(a.submission_url,))
    running = ours(transport, At(), tmp_path, choice=choice)
    await running.load()
    google(transport, listing("abcde"))
    assert (await running.load()).complete, "nine others are no affair of this user's"
    google(transport, listing("bcdefghij", date="2026-09-01T00:00:00Z"))
    loaded = await running.load()
    assert "drops 1 of 1 logs that are followed and is refused" in loaded.refused[0]
    assert a in loaded.logs


async def test_ended_shards_may_go(tmp_path: Path) -> None:
    clock, transport = At(), google(Canned(), listing("abcdefghij", end="2026-09-02T00:00:00Z"))
    running = ours(transport, clock, tmp_path)
    await running.load()
    clock.move("2026-09-03T00:00:00+00:00")
    google(transport, listing("k"))
    assert names((await running.load()).logs) == "k"


async def test_an_older_list_is_not_gone_back_to(tmp_path: Path) -> None:
    transport = google(Canned(), listing("abc"))
    running = ours(transport, At(), tmp_path)
    await running.load()
    google(transport, listing("ab", date="2026-08-29T00:00:00Z"))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abc", False)
    assert "is older (2026-08-29 00:00 UTC)" in loaded.notices[0]


async def test_the_older_real_lists_are_refused(corpus: Path) -> None:
    old = corpus / "loglists" / "gstatic_all_logs_list_2026-07-21_bed1f08.json"
    transport = Canned().put(GOOGLE, old.read_bytes()).put(GOOGLE_SIGNATURE, old.with_suffix(".sig").read_bytes())
    loaded = await Lists(transport, At(), None).load()
    assert (len(loaded.logs), loaded.complete) == (117, False)


async def test_the_real_lists_one_after_the_other(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a year of real changes passes the guard."""
    found = sorted((corpus / "loglists").glob("gstatic_*.json"))
    pairs = [(path.read_bytes(), path.with_suffix(".sig").read_bytes()) for path in found]
    monkeypatch.setattr(data, "google_list", lambda: pairs[0])
    transport, clock = Canned(), At()
    running = Lists(transport, clock, None)
    for (body, signature), time in zip(
        [*pairs, (SHIPPED, SIGNATURE)], ("2026-02-07", "2026-05-27", "2026-07-22", "2026-08-22"), strict=True
    ):
        clock.move(f"{time}T00:00:00+00:00")
        transport.put(GOOGLE, body).put(GOOGLE_SIGNATURE, signature)
        loaded = await running.load()
        assert (loaded.complete, loaded.notices) == (True, ()), time
    last = (await running.load()).logs
    assert sum(one.followed for one in choose(last, Choice(), datetime(2026, 8, 22, tzinfo=UTC))) == 45


async def test_the_same_url_with_a_new_key_is_told() -> None:
    transport = google(Canned(), listing("abcdefghij"))
    running = ours(transport, At(), None)
    first = await running.load()
    body = json.loads(listing("abcdefghij"))
    body["operators"][0]["logs"][0] = json.loads(listing("a", key="new "))["operators"][0]["logs"][0]
    google(transport, json.dumps(body).encode())
    loaded = await running.load()
    (notice,) = loaded.notices
    assert "https://a.test/ has a new key: it is treated as another log" in notice
    found = difference(first.logs, loaded.logs)
    assert (names(found.gone), names(found.added), names(found.changed)) == ("a", "a", "")


async def test_apple_adds_and_changes_nothing(corpus: Path) -> None:
    apple = (corpus / "loglists/apple/current_log_list.json").read_bytes()
    transport = Canned().put(GOOGLE, SHIPPED).put(GOOGLE_SIGNATURE, SIGNATURE).put(APPLE, apple)
    running = Lists(transport, At(), None, lists=("apple", "google"))
    loaded = await running.load()
    assert (len(loaded.logs), loaded.complete) == (117 + 112, True)
    assert [one.source for one in loaded.lists] == ["google", "apple"]
    assert loaded.notices == (
        "log list apple: not signed, so only as good as its TLS; it adds 112 logs and changes nothing about those that "
        "Google's list has",
    )
    assert (await running.load()).notices == ()


async def test_apple_can_not_be_had() -> None:
    transport = google(Canned(), listing("abc")).put(APPLE, DOWN)
    running = ours(transport, At(), None, lists=("google", "apple"))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abc", False)
    assert loaded.as_of == datetime(2026, 8, 30, tzinfo=UTC)
    assert "log list apple" in loaded.notices[0]
    transport.put(APPLE, listing("xy"))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abcxy", True)
    transport.put(APPLE, listing(""))
    loaded = await running.load()
    assert (names(loaded.logs), loaded.complete) == ("abcxy", False)


async def test_ones_own_besides_googles() -> None:
    transport = google(Canned(), listing("abc")).put(OWN, listing("cd", state="rejected"))
    loaded = await ours(transport, At(), None, files=(OWN,)).load()
    assert {log.description[-1]: (log.state, log.sources) for log in loaded.logs} == {
        "a": ("usable", ("google",)),
        "b": ("usable", ("google",)),
        "c": ("usable", ("google", "file")),
        "d": ("rejected", ("file",)),
    }


async def test_no_list_at_all(tmp_path: Path) -> None:
    with pytest.raises(RemoteError, match="no route to host"):
        await Lists(Canned().put(OWN, DOWN), At(), None, lists=(), files=(OWN,)).load()
    with pytest.raises(ConfigError, match=r"log list \S+/none\.json: can't be read: No such file"):
        await Lists(Canned(), At(), None, lists=(), files=(str(tmp_path / "none.json"),)).load()
    path = tmp_path / "bad.json"
    path.write_bytes(b"{}")
    with pytest.raises(ConfigError, match="not a log list of version 3"):
        await ours(google(Canned(), listing("abc")), At(), None, files=(str(path),)).load()


def test_what_can_not_be_asked_for() -> None:
    with pytest.raises(ConfigError, match="unknown mozilla; there are google, apple"):
        Lists(Canned(), At(), None, lists=("google", "mozilla"))
    with pytest.raises(ConfigError, match="no log list is asked for"):
        Lists(Canned(), At(), None, lists=())


async def test_a_cache_that_can_not_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    loaded = await ours(google(Canned(), listing("abc")), At(), blocked / "cache").load()
    assert (names(loaded.logs), loaded.complete) == ("abc", True)
    assert "no copy could be kept for the next start" in loaded.notices[-1]


async def test_a_list_that_is_too_large() -> None:
    loaded = await Lists(Canned().put(GOOGLE, bytes(MAX_LIST + 1)), At(), None).load()
    assert (len(loaded.logs), loaded.complete) == (117, False)


async def test_a_shipped_list_that_was_tampered_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "google_list", lambda: (SHIPPED + b" ", SIGNATURE))
    with pytest.raises(RemoteError, match="no route"):
        await Lists(Canned().put(GOOGLE, DOWN), At(), None).load()


async def test_no_log_is_lost_whatever_google_serves(tmp_path: Path) -> None:
    """Fault L21: after each kind of poisoned list the same logs are followed."""
    good = listing("abcdefghij")
    transport = google(Canned(), good)
    running = ours(transport, At(), tmp_path)
    first = await running.load()

    async def after(body: bytes, signature: bytes) -> Loaded:
        transport.put(GOOGLE, body).put(GOOGLE_SIGNATURE, signature)
        return await running.load()

    for body in (b"", b"{}", b"[]", b'{"operators": []}', listing(""), listing("a"), b"\x1f\x8b"):
        for signature in (keys.sign(LISTER, body), b"", keys.sign(keys.p256("thief"), body)):
            loaded = await after(body, signature)
            assert (loaded.logs, loaded.complete, len(loaded.notices)) == (first.logs, False, 1)
    assert (await after(good, keys.sign(LISTER, good))).complete
