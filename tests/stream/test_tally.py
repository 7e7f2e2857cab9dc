"""What clients of one stream were sent and lost, together."""

from __future__ import annotations

from tests.stream.rig import Raw, Stage

from certhia.stream.client import Limits
from certhia.stream.server import Server
from certhia.testing import World


async def test_counts_of_a_stream_outlast_its_clients() -> None:
    stage = Stage(World())
    async with stage.running() as port:
        for count in (1, 2):
            raw = await Raw.open(port, "/domains-only")
            await stage.joined(1)
            await stage.feed(4)
            for _ in range(4):
                await raw.message()
            await raw.gone()
            await stage.joined(0)
            assert stage.server.streams.tallies["domains"].sent == 4 * count
    tallies = stage.server.streams.tallies
    assert (tallies["domains"].missed, tallies["domains"].gaps, tallies["lite"].sent) == (0, 0, 0)
    assert tallies["domains"].nbytes > 8 * len("host0.example.com")


async def test_what_is_lost_is_counted() -> None:
    stage = Stage(World())
    stage.server = Server(stage.hub, stage.terms(limits=Limits(buffer=1)), stage.clock, stage._say)
    async with stage.running() as port:
        raw = await Raw.open(port)
        await stage.joined(1)
        (connection,) = stage.server.streams.connections
        connection.pause_writing()
        for _ in range(4):
            await stage.feed(5)
            while stage.hub._queue or connection.client.sent + connection.client.missed + 5 < stage.fed:
                await stage.clock.sleep(0.001)
        while connection.client.missed < 15:
            await stage.clock.sleep(0.001)
        connection.resume_writing()
        got = [await raw.message() for _ in range(6)]
        tally = stage.server.streams.tallies["lite"]
    assert [one["message_type"] for one in got] == ["certificate_update"] * 5 + ["gap"]
    assert (got[5]["data"]["missed"], tally.missed, tally.sent, tally.gaps) == (15, 15, 5, 1)
