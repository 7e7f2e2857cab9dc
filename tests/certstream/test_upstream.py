"""One server, read whatever it does: matches, reconnects, what is malformed, what can't be checked."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.certstream.rig import watched

from certhia.store import State
from certhia.store.fsck import check
from certhia.testing import World, in_simulated_time
from certhia.testing.certstream import Line, certstream, told

Captured = pytest.CaptureFixture[str]


@in_simulated_time
async def test_lite_messages_match_by_names_and_say_who_vouches(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    async def play(line: Line) -> None:
        await line.say(
            told(["a.example.com", "b.example.net"], 7), told(["example.org"], 8), {"message_type": "heartbeat"}
        )
        await line.hold()

    async with certstream(play) as place:
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/?token=secret"])
    (match,) = printed.matches
    assert printed.names == ["a.example.com"]
    assert (match["log"], match["index"], match["verified"]) == ("Example 'Log2026'", 7, False)
    assert match["operator"] == f"certstream ws://{place}/"
    assert match["issuer_organization"] == "Let's Encrypt"
    assert match["unproven"].startswith("the message brought no certificate")
    assert match["tbs_sha256"] == "00" * 32
    assert "secret" not in printed.err
    assert f"certstream ws://{place}/: 2 entries" in printed.err
    async with await State.open(tmp_path / "state", clock=certhia_world.clock, follow=True) as state:
        assert await check(state) == []


@in_simulated_time
async def test_what_it_says_of_a_followed_log_is_never_verified(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    """The log has other entries there; all of its own are proven, what was said of it stays what was said."""
    log = certhia_world.rfc6962("one", max_get_entries=64)
    for number in range(20):
        log.add(certhia_world.ca.issue([f"host{number}.other.test"]))
    log.publish()
    victim = certhia_world.ca.issue(["victim.example.com"])

    async with certhia_world.serve() as url:

        async def play(line: Line) -> None:
            said = [told(["lite.example.com"], 26), told(["victim.example.com"], 25, issued=victim)]
            for one in said:
                one["data"]["source"] = {"url": log.model.url, "name": log.model.description}
                one["data"]["source"]["id"] = log.id.hex()
            await line.say(*said)
            await certhia_world.clock.sleep(10)
            for number in range(20, 30):
                log.add(certhia_world.ca.issue([f"host{number}.other.test"]))
            log.publish()
            await line.hold()

        async with certstream(play) as place:
            given = {"logs__log_list": [f"{url}log_list.json"], "read__from": "beginning", "read__with_logs": True}
            printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/full-stream"], 120, **given)
    assert sorted(printed.names) == ["lite.example.com", "victim.example.com"]
    async with await State.open(tmp_path / "state", clock=certhia_world.clock, follow=False) as state:
        assert (await state.positions())[log.id].end == 30, "all of the log is proven"
        stored = [one.match for one in await state.matches()]
        assert {(match.verified, match.sightings) for match in stored} == {(False, 1)}
        assert log.id not in {match.sighting.log_id for match in stored}
        assert await check(state) == []


@in_simulated_time
async def test_full_messages_are_decoded_and_a_precertificate_is_one_with_its_certificate(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    pre, final = certhia_world.ca.pair(["a.example.com"])
    key = final.sha256  # of a certificate, so not of a precertificate

    async def play(line: Line) -> None:
        for index, issued in enumerate((pre, final)):
            await line.say(told(["not.said.test"], index, issued=issued))
        await line.hold()

    async with certstream(play) as place:
        rules = ["example.com", f"cert:{key.hex()}", "issuer:Certhia"]
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/full-stream"], watch__rules=rules)
    (match,) = printed.matches
    assert match["tbs_sha256"] == pre.tbs_sha256.hex() == match["id"]
    assert match["sha256"] == pre.sha256.hex()
    assert match["unproven"] is None
    assert "not checked" not in printed.err


@in_simulated_time
async def test_cuts_malformed_and_giant_messages_are_survived(
    certhia_world: World, tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certhia.certstream.wire.MAX_MESSAGE", 1 << 16)

    async def play(line: Line) -> None:
        await line.say(told([f"host{line.number}.example.com"], line.number))
        match line.number:
            case 0:
                await line.say("{", "[]", "\u202e\x00", '{"message_type":"certificate_update"}', "[" * 50_000)
                line.cut()
            case 1:
                await line.say("x" * (1 << 17))
            case 2:
                await line.close(1013, "too slow")
            case _:
                await line.hold()

    async with certstream(play) as place:
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/"], 60)
    assert printed.names == [f"host{number}.example.com" for number in range(4)]
    assert "5 malformed messages" in printed.err
    assert "a malformed message, passed over" in printed.err
    assert "closed by the server with 1013: too slow" in printed.err
    assert "\u202e" not in printed.err


@in_simulated_time
async def test_silence_ends_a_connection_by_the_clock(certhia_world: World, tmp_path: Path, capfd: Captured) -> None:
    at: list[float] = []

    async def play(line: Line) -> None:
        at.append(certhia_world.clock.monotonic())
        await line.hold()

    async with certstream(play) as place:
        printed = await watched(certhia_world, tmp_path, capfd, [f"http://{place}/sse"], 400)
    assert len(at) >= 3
    assert all(later - earlier >= 120 for earlier, later in itertools.pairwise(at))
    assert "no message within 120 s" in printed.err


@in_simulated_time
async def test_nobody_there_is_asked_ever_less_often_and_becomes_an_alarm(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    async with certstream(Line.hold) as place:
        pass
    printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/"], 3600)
    assert f"certstream ws://{place}/: nothing comes, so nothing of what it shows is seen" in printed.err
    assert printed.err.count("asked again in") < 5


@in_simulated_time
async def test_it_goes_on_after_the_last_cursor_also_in_the_next_run(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    asked: list[str | None] = []

    async def play(line: Line) -> None:
        asked.append(line.query.get("since"))
        number = line.number
        await line.say(told([f"host{number}.example.com"], number, cursor=f"{'ab' * 8}:{number}"))
        if number == 0:
            line.cut()
        await line.hold()

    async with certstream(play) as place:
        first = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/?since=-10m"], 20)
        second = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/?since=-10m"], 20)
    assert asked == ["-10m", f"{'ab' * 8}:0", f"{'ab' * 8}:1"]
    assert first.names + second.names == ["host0.example.com", "host1.example.com", "host2.example.com"]


@in_simulated_time
async def test_rules_that_need_more_are_named_and_counted(
    certhia_world: World, tmp_path: Path, capfd: Captured
) -> None:
    async def play(line: Line) -> None:
        await line.say({"message_type": "dns_entries", "data": ["a.example.com"]}, told(["b.example.com"], 1))
        await line.say({"message_type": "gap", "data": {"missed": 12, "from": None, "to": None, "reason": "slow"}})
        await line.hold()

    rules = ["example.com", "key:" + "ab" * 32, "issuer:Encrypt"]
    async with certstream(play) as place:
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/"], watch__rules=rules)
    assert printed.names == ["a.example.com", "b.example.com"]
    assert "sends names alone: 2 of 3 rules need more" in printed.err
    assert "only fields of them: 1 of 3 rules need more" in printed.err
    assert "2 entries that not all rules could be checked on" in printed.err
    assert "the server did not send 12 messages (slow)" in printed.err
