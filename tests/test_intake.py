"""What followers hand on goes where it belongs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from tests.rig import Rig
from tests.stream.histories import Kept
from tests.stream.test_client import Pipe, messages

from certhia._core import Issuers
from certhia.stream.blocks import Sheet
from certhia.stream.client import Client, Limits
from certhia.stream.forms import Wanted
from certhia.stream.history import History, Recorded
from certhia.stream.hub import Hub
from certhia.stream.packing import Reach
from certhia.stream.websocket import WebSocketFraming
from certhia.testing import SimClock, World, in_simulated_time


class Streamed:
    """A client of a run's stream."""

    def __init__(self, rig: Rig, hub: Hub, wanted: Wanted) -> None:
        self.pipe = Pipe(Client(WebSocketFraming(), Limits(), rig.clock))
        hub.join(self.pipe.client, wanted)

    def indexes(self, log: str) -> list[int]:
        got = [json.loads(text)["data"] for text in messages(self.pipe.written)]
        return [one["cert_index"] for one in got if one["source"]["name"] == log]


@in_simulated_time
async def test_matches_to_the_teller_pages_to_the_stream_proofs_to_the_store(
    certhia_world: World, tmp_path: Path
) -> None:
    certhia_world.rfc6962("one")
    certhia_world.static("two")
    certhia_world.grow(30)
    rig = Rig(certhia_world, tmp_path, ["host3.example.com"])
    rig.hub = Hub(rig.clock)
    at_once, proven = Streamed(rig, rig.hub, Wanted()), Streamed(rig, rig.hub, Wanted(order="proof"))
    async with rig.running():
        await rig.clock.sleep(30)
        certhia_world.grow(10)
        await rig.clock.sleep(30)
    await rig.check()
    assert [delivery.match.names for delivery in rig.sheet.told] == [("host3.example.com",)]
    for client in (at_once, proven):
        assert client.indexes("one") == list(range(40))
        assert client.indexes("two") == list(range(40))
    assert rig.summary is not None
    assert rig.summary.verified == 80


@in_simulated_time
async def test_a_page_that_was_no_ones_comes_again(certhia_world: World, tmp_path: Path) -> None:
    """What a log served in vain is in the stream, unverified, and what differs comes once more; who wants what is
    proven gets the true entries alone."""
    log = certhia_world.rfc6962("one")
    certhia_world.grow(20)
    log.swapped[5] = log.entries[6]
    rig = Rig(certhia_world, tmp_path)
    rig.hub = Hub(rig.clock)
    at_once, proven = Streamed(rig, rig.hub, Wanted()), Streamed(rig, rig.hub, Wanted(order="proof"))
    async with rig.running():
        await rig.clock.sleep(1)
        assert proven.indexes("one") == []
        log.swapped.clear()
        await rig.clock.sleep(400)
    assert proven.indexes("one") == list(range(20))
    assert at_once.indexes("one") == [*range(20), 5]


async def _feed(rig: Rig, world: World, history: History, seconds: float) -> None:
    """Logs that grow all the time; no position is ever committed that the history doesn't lead up to."""
    for _ in range(int(seconds / 0.1)):
        world.grow(7)
        await rig.clock.sleep(0.1)
        for track in rig.state.writer.tracks.values():
            reach = history.index.reaches.get(track.log_id, Reach(0))
            assert track.committed <= min(reach.end, reach.proven or 0)


@in_simulated_time
async def test_what_a_stop_or_a_death_leaves_is_in_the_history_or_read_again(
    certhia_world: World, tmp_path: Path
) -> None:
    """However long a record takes: a stop under load records what waits, and before a commit all is there."""
    certhia_world.rfc6962("one")
    certhia_world.static("two")
    certhia_world.grow(300)
    rig, kept = (
        Rig(certhia_world, tmp_path / "state"),
        Kept(tmp_path / "history", clock=cast("SimClock", certhia_world.clock)),
    )
    for delay in (0.0, 0.3, 2.0, 0.0):
        async with kept.open() as history:
            rig.hub = hub = Hub(rig.clock)

            async def slow(
                sheets: Sequence[Sheet], issuers: Issuers, history: History = history, delay: float = delay
            ) -> Recorded:
                await rig.clock.sleep(delay)
                return await history.record(sheets, issuers)

            hub.record = slow
            async with rig.running():
                tracks = rig.state.writer.tracks
                await _feed(rig, certhia_world, history, 6.3 + delay)
            for track in tracks.values():
                reach = history.index.reaches[track.log_id]
                assert track.end is not None
                assert (reach.proven, reach.end >= track.end) == (track.end, True)
                assert history.index.covering(track.log_id, (0, track.end))[1] == []
    assert not [text for text in rig.texts if "history" in text] + kept.said
