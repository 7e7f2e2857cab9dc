"""Events of a scan in a state that somebody else follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scanner.tls_servers import context, tls_server

from certhia.cli.scanning import Scanning
from certhia.clock import Clock
from certhia.config.sources import from_values
from certhia.events.bus import Bus
from certhia.library.storing import stored
from certhia.store import State
from certhia.store.events import kept
from certhia.store.place import Place


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


async def types(directory: Path) -> list[str]:
    async with await State.open(Place(directory), clock=Clock(), follow=False) as state:
        return [one.type async for one in kept(state)]


def settings(directory: Path, port: int, **more: object) -> object:
    own = {"scan.targets": [f"127.0.0.1:{port}"], "scan.allow_private": True, "scan.format": "silent"}
    return from_values({**own, "state.name": str(directory), **more})


async def test_beside_a_follower(tmp_path: Path, port: int) -> None:
    async with await State.open(Place(tmp_path), clock=Clock(), follow=True) as state:
        assert await Scanning(settings(tmp_path, port)).run() == 0  # type: ignore[arg-type]
        await state.writer.durable()
        told = [one.type async for one in kept(state)]
    assert (told[0], told[-1]) == ("scan.started", "scan.completed")
    assert "vulnerability.detected" in told


async def test_a_state_is_made_where_something_is_to_be_kept(tmp_path: Path, port: int) -> None:
    directory = tmp_path / "state"
    assert await Scanning(settings(directory, port)).run() == 0  # type: ignore[arg-type]
    assert not (directory / "state.db").exists()
    assert await Scanning(settings(directory, port, **{"scan.keep": True})).run() == 0  # type: ignore[arg-type]
    assert (await types(directory))[0] == "scan.started"


async def test_a_file_that_is_none_costs_a_word(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"none of ours" * 100)
    said, bus = list[str](), Bus()
    async with stored(bus, Place(tmp_path), 10, Clock(), lambda text, **_: said.append(text), made=False):
        bus.publish("scan.started", {}, source="scan")
    bus.publish("scan.started", {}, source="scan")
    assert len(said) == 1
    assert said[0].startswith("events of this scan are kept no more: ")


async def test_what_cannot_be_kept_costs_the_others_nothing(tmp_path: Path) -> None:
    said, bus = list[str](), Bus()
    async with await State.open(Place(tmp_path), clock=Clock(), follow=True):
        async with stored(bus, Place(tmp_path), 10, Clock(), lambda text, **_: said.append(text), made=False):
            for value in (object(), 1, float("nan")):
                bus.publish("own.event", {"x": value}, source="test")
        assert await types(tmp_path) == ["own.event"]
    assert said == [
        'an event "own.event" is not kept, its data must be JSON: '
        "TypeError: Object of type object is not JSON serializable"
    ]
