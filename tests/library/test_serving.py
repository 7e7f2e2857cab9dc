"""From settings to a server: what is listened on, and what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.rig import Rig

from certhia.config import load
from certhia.errors import ConfigError
from certhia.library.serving import Serving
from certhia.stream.standing import Kept
from certhia.stream.terms import answers_itself
from certhia.testing import SimClock, World, in_simulated_time


def serving(tmp_path: Path, said: list[str], **given: Any) -> Serving:
    values = {f"serve.{name}": value for name, value in {"listen": "127.0.0.1:0", **given}.items()}

    def tell(text: str, *, level: str = "info", log: str = "") -> None:
        said.append(text)

    return Serving(load(values, None, {"HOME": str(tmp_path)}), SimClock(), tell)


@in_simulated_time
async def test_it_says_where_and_what(certhia_world: World, tmp_path: Path) -> None:
    said: list[str] = []
    one = serving(tmp_path, said, lite="/live", full="off", sse="")
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        await one.start(pipeline)
        running = asyncio.get_running_loop().create_task(one.run())
        assert one.server is not None
        (address,) = one.server.addresses
        one.stop()
        await running
    assert said == [f"serving on {address}: /domains-only (domains), /live (lite)"]


@in_simulated_time
async def test_settings_are_what_counts(certhia_world: World, tmp_path: Path) -> None:
    one = serving(
        tmp_path,
        [],
        profile="calidog",
        verified_only=True,
        heartbeat="5s",
        compression=True,
        client_buffer="1MB",
        lag_limit="9s",
    )
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        await one.start(pipeline)
        assert one.server is not None
        await one.server.close()
    terms = one.server.streams._terms
    assert (terms.defaults.profile, terms.defaults.verified_only) == ("calidog", True)
    assert (terms.heartbeat, terms.compression) == (5.0, True)
    assert (terms.limits.buffer, terms.limits.lag) == (1_000_000, 9.0)


@in_simulated_time
async def test_names_alone_leave_one_stream(certhia_world: World, tmp_path: Path) -> None:
    one = serving(tmp_path, [], names_only=True)
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        await one.start(pipeline)
        assert one.server is not None
        await one.server.close()
    terms = one.server.streams._terms
    assert (terms.paths, terms.defaults.names_only) == ({"domains": "/domains-only", "sse": "/sse"}, True)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"lite": "live"}, "is no path; write one that begins with a slash, or off"),
        ({"lite": "/a?b"}, "is no path"),
        ({"listen": "here"}, "is no address"),
        ({"heartbeat": "0"}, "must be more than nothing"),
        ({"profile": "other"}, "'certhia' or 'calidog'"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({f"serve.{name}": value for name, value in given.items()}, None, {"HOME": str(tmp_path)})
    assert said in str(caught.value)


@in_simulated_time
async def test_how_much_history_there_is_can_be_seen(certhia_world: World, tmp_path: Path) -> None:
    one = serving(tmp_path, [], history="16MB")
    assert one._kept() is None
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        await one.start(pipeline)
        assert one.server is not None
        kept = one._kept()
        assert (kept, one.server.streams.history is None) == (Kept(0, None, ""), False)
        await one.server.close()
        await one.close()


@pytest.mark.parametrize(
    "given, said",
    [
        ({"lite": "/x", "full": "/x"}, "serve.full: the path /x is that of serve.lite, too; give it another, or off"),
        ({"lite": "/metrics"}, "serve.lite: the path /metrics is one that answers something else"),
        ({"sse": "/health"}, "serve.sse: the path /health is one that answers something else"),
        ({"domains": "/a/example.json"}, "serve.domains: the path /a/example.json is one that"),
    ],
)
@in_simulated_time
async def test_two_paths_that_meet(certhia_world: World, tmp_path: Path, given: dict[str, str], said: str) -> None:
    one = serving(tmp_path, [], **given)
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        with pytest.raises(ConfigError, match=said):
            await one.start(pipeline)


@in_simulated_time
async def test_two_streams_may_be_off(certhia_world: World, tmp_path: Path) -> None:
    one = serving(tmp_path, [], lite="off", full="off")
    async with Rig(certhia_world, tmp_path / "state").running() as pipeline:
        await one.start(pipeline)
        assert one.server is not None
        routed = {str(getattr(route.resource, "canonical", "")) for route in one.server.app.router.routes()}
        await one.server.close()
    ours = {*one.server.streams._terms.paths.values(), "/{path}"}
    assert {path for path in routed - ours if not answers_itself(path)} == set()
