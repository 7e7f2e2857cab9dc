"""All servers that were named: what runs for them, and when one of them is an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.certstream.rig import watched

from certhia.testing import World, in_simulated_time
from certhia.testing.certstream import Line, certstream, told


@in_simulated_time
async def test_two_servers_and_each_certificate_once(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    issued = certhia_world.ca.issue(["a.example.com"])

    async def play(line: Line) -> None:
        await line.say(told(["a.example.com"], 7, issued=issued))
        await line.hold()

    async with certstream(play) as one, certstream(play) as two:
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{one}/", f"http://{two}/"])
    assert len(printed.matches) == 1
    assert "1 match (1 further sighting" in printed.err
    for place in (f"ws://{one}/", f"http://{two}/"):
        assert f"certstream {place}: 1 entries" in printed.err


@in_simulated_time
async def test_an_alarm_clears_when_the_server_is_back(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def play(line: Line) -> None:
        if line.number < 10:
            line.cut()
        else:
            await line.hold()

    async with certstream(play) as place:
        printed = await watched(certhia_world, tmp_path, capfd, [f"ws://{place}/"], 2000, watch__rules=["example.com"])
    assert f"certstream ws://{place}/: connected" in printed.err


@in_simulated_time
async def test_beside_the_logs_a_certificate_of_both_is_told_once(
    certhia_world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = certhia_world.rfc6962("one", description="First")
    issued = certhia_world.grow(3)

    async def play(line: Line) -> None:
        await line.say(*(told(["said"], index, issued=one) for index, one in enumerate(issued)))
        await line.hold()

    async with certhia_world.serve() as url, certstream(play) as place:
        printed = await watched(
            certhia_world,
            tmp_path,
            capfd,
            [f"ws://{place}/"],
            logs__log_list=[f"{url}log_list.json"],
            read__from="beginning",
            read__poll_rfc6962=1,
        )
    assert log.size == 3
    assert len(printed.matches) == 3
    assert "(3 further sightings)" in printed.err
