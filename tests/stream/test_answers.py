"""What is answered besides streams."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import websockets
from tests.stream.asking import Asking

from certhia.model import Alarm, Health
from certhia.stream import answers
from certhia.stream.blocks import Spoken
from certhia.testing import World


@pytest.fixture
def stage() -> Asking:
    return Asking(World())


async def test_examples_are_the_newest_of_each_stream(stage: Asking) -> None:
    async with stage.running():
        early = await stage.get("/example.json")
        await stage.feed(7)
        lite = await stage.get("/example.json?profile=certhia")
        full = await stage.get("/full-stream/example.json")
        domains = await stage.get("/domains-only/example.json")
    assert (early.status, early.body.decode()) == (503, answers.EARLY)
    assert lite.json["data"]["cert_index"] == full.json["data"]["cert_index"] == 6
    assert "as_der" in full.json["data"]["leaf_cert"]
    assert "as_der" not in lite.json["data"]["leaf_cert"]
    assert domains.json["data"] == ["host6.example.com"]
    assert lite.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_latest(stage: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage.running():
        for count in (3, 40, 9):
            await stage.feed(count)
        answer = await stage.get("/latest.json")
        assert [one["data"]["cert_index"] for one in answer.json["messages"]] == list(range(51, 26, -1))
        await stage.feed(1)
        again = await stage.get("/latest.json")
    assert again.body == answer.body, "made at most once a second"


async def test_nothing_is_serialised_until_somebody_asks(stage: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    messages = stage.hub.messages

    async def counted(*arguments: Any) -> Spoken:
        made.append(1)
        return await messages(*arguments)

    monkeypatch.setattr(stage.hub, "messages", counted)
    async with stage.running():
        for _ in range(5):
            await stage.feed(4)
        assert made == []
        await stage.get("/latest.json")
        assert len(made) == 5


async def test_a_profile_is_kept_to(stage: Asking) -> None:
    async with stage.running():
        await stage.feed(1)
        ours, theirs = await stage.get("/latest.json"), await stage.get("/latest.json?profile=calidog")
    assert "cursor" in ours.json["messages"][0]
    assert set(theirs.json["messages"][0]) == {"message_type", "data"}


async def test_one_certificate_by_each_of_its_hashes(stage: Asking) -> None:
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/full-stream") as client:
        await stage.joined(1)
        await stage.feed(4)
        (page,) = [one.sheet.page for one in stage.answers.recent.pages()]
        message = {}
        for position in range(4):
            entry = page[position]
            digests = [hashlib.sha256(entry.submitted).hexdigest(), entry.certificate.tbs_sha256.hex()]
            message = json.loads(await client.recv())
            for digest in digests:
                answer = await stage.get(f"/cert/{digest.upper()}")
                (sighting,) = answer.json["sightings"]
                assert answer.json["sha256"] == digest
                assert sighting["data"] == message["data"]
        shown = message["data"]["leaf_cert"]["sha256"]
        assert (await stage.get(f"/cert/{shown}")).status == 200, "as messages write it"


async def test_a_certificate_that_is_not_there(stage: Asking) -> None:
    async with stage.running():
        await stage.feed(3)
        missing, bad = await stage.get(f"/cert/{'0' * 64}"), await stage.get("/cert/deadbeef")
    assert (missing.status, missing.body) == (
        404,
        b"not among the last 3 entries: only recent ones are held here\n",
    )
    assert (bad.status, b"64 hexadecimal digits" in bad.body) == (400, True)


async def test_health(stage: Asking) -> None:
    async with stage.running():
        well = await stage.get("/health")
        stage.statuses[0].finished = "ended"
        nothing = await stage.get("/health")
    assert (well.status, well.json) == (200, {"healthy": True, "followed": 1, "logs": {"healthy": 1}})
    assert (nothing.status, nothing.json) == (503, {"healthy": False, "followed": 0, "logs": {}})


async def test_deep_health(stage: Asking) -> None:
    stage.statuses[0].health = Health.FROZEN
    stage.alarms = (Alarm("log:first", "it contradicts itself", 1_700_000_000.0, "First Log 2026"),)
    async with stage.running():
        answer = await stage.get("/health/deep")
    assert answer.status == 503
    assert answer.json["alarms"] == [
        {
            "key": "log:first",
            "since": "2023-11-14T22:13:20.000Z",
            "log": "First Log 2026",
            "text": "it contradicts itself",
        }
    ]
    assert answer.json["logs"][0]["health"] == "frozen"


async def test_stats_count_by_stream(stage: Asking) -> None:
    async with stage.running() as port, websockets.connect(f"ws://127.0.0.1:{port}/domains-only") as client:
        await stage.joined(1)
        await stage.feed(5)
        for _ in range(5):
            await client.recv()
        answer = await stage.get("/stats")
    told = answer.json
    assert (told["processed_certs"], told["logs"], told["uptime_seconds"] >= 60.0) == (5, 1, True)
    assert told["streams"]["domains"] | {"bytes": 0} == {"clients": 1, "sent": 5, "missed": 0, "gaps": 0, "bytes": 0}
    assert told["streams"]["domains"]["bytes"] > 100
    assert told["streams"]["full"]["sent"] == 0


async def test_head_requests_and_what_there_is_not(stage: Asking) -> None:
    async with stage.running():
        await stage.feed(1)
        head = await stage.get("/health", method="HEAD")
        missing = await stage.get("/nothing")
    assert (head.status, missing.status) == (200, 404)


async def test_answers_of_streams_that_are_off() -> None:
    stage = Asking(World(), paths={"domains": "/domains-only"})
    async with stage.running():
        await stage.feed(1)
        (page,) = [one.sheet.page for one in stage.answers.recent.pages()]
        digest = hashlib.sha256(page[0].submitted).hexdigest()
        gone = [(await stage.get(path)).status for path in ("/latest.json", "/example.json")]
        (sighting,) = (await stage.get(f"/cert/{digest}")).json["sightings"]
    assert gone == [404, 404]
    assert sighting["message_type"] == "dns_entries"


async def test_a_profile_that_is_none(stage: Asking) -> None:
    async with stage.running():
        for path in ("/example.json", "/latest.json"):
            answer = await stage.get(f"{path}?profile=junk")
            assert (answer.status, answer.body) == (400, b'profile: "junk" is none; there are certhia, calidog\n')
