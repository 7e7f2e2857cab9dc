"""Fake platforms: in process and over HTTP, with faults, and from a file."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp

from certhia.testing import SimClock, in_simulated_time
from certhia.testing.platform_shapes import FakeProgramme
from certhia.testing.platforms import FakePlatforms, say

ACME = FakeProgramme("acme", "Acme", [("URL", "a.example", True)])


async def test_both_fronts_give_the_same_bytes(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock, [ACME])
    transport = platforms.transport()
    async with platforms.serve() as url, aiohttp.ClientSession() as session:
        for path in ("/scopes.json", "/yeswehack/programs?page=1", "/none", "/hackerone/v1/hackers/programs"):
            async with session.get(url + path) as answer:
                inside = await transport.get(f"http://platforms.test{path}")
                assert (answer.status, await answer.read()) == (inside.status, inside.body)


@in_simulated_time
async def test_faults(certhia_clock: SimClock) -> None:
    platforms = FakePlatforms(certhia_clock)
    platforms.add(ACME)
    platforms.fault("scopes", say(500), times=1, skip=1)
    transport = platforms.transport()
    statuses = [(await transport.get("http://x/scopes.json")).status for _ in range(3)]
    assert statuses == [200, 500, 200]
    assert platforms.asked == ["/scopes.json"] * 3


async def test_programmes_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "programmes.json"
    path.write_text(json.dumps([{"handle": "acme", "name": "Acme", "assets": [["URL", "a.example", True]]}]))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "certhia.testing.platforms", str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as session, session.get(f"{url}/scopes.json") as answer:
            assert [one["name"] for one in json.loads(await answer.read())] == ["Acme"]
    finally:
        process.terminate()
        await process.wait()
