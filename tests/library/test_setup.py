"""From settings to the parts that commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config import Settings, load
from certhia.errors import ConfigError
from certhia.library import setup
from certhia.quantity import Backlog, Point
from certhia.testing import World


def settings(**given: object) -> Settings:
    return load({name.replace("__", "."): value for name, value in given.items()}, None, {"HOME": "/nonexistent"})


def test_which_logs() -> None:
    choice = setup.choice_of(
        settings(
            logs__include=["pending", "test"],
            logs__expired=True,
            logs__allow=["a*"],
            logs__deny=["b*"],
            logs__log=["https://one.test/"],
            logs__add_log=["https://two.test/"],
        )
    )
    assert choice.include == {"pending", "test"}
    assert choice.expired
    assert (choice.allow, choice.deny) == (("a*",), ("b*",))
    assert (choice.only, choice.add) == (("https://one.test/",), ("https://two.test/",))


def test_how_they_are_read() -> None:
    reading = setup.reading_of(
        settings(
            read__poll_static="5s",
            read__poll_rfc6962="1m",
            read__patience="2m",
            read__until="-10",
            read__max_backlog="2d",
        )
    )
    assert (reading.poll_static, reading.poll_rfc6962, reading.patience) == (5, 60, 120)
    assert reading.until == Point("back", 10, "-10")
    assert reading.max_backlog == Backlog(seconds=2 * 86_400)
    assert setup.reading_of(settings()).max_backlog == Backlog()


async def test_the_user_agent_says_who_asks() -> None:
    world = World()
    world.rfc6962("one")
    async with world.serve() as url, setup.connect(settings(read__contact="us@certhia.test"), Clock()) as transport:
        await transport.get(f"{url}one/ct/v1/get-sth")
        (request,) = world.logs["one"].recent
    assert request.headers["user-agent"].startswith("certhia/")
    assert request.headers["user-agent"].endswith(" (+us@certhia.test)")


@pytest.mark.parametrize(
    "given", [{"read__contact": "who\nelse"}, {"read__ca_file": "/nonexistent/ca.pem"}], ids=["contact", "ca_file"]
)
async def test_what_cant_be_used_is_said_before_anything_is_asked(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        async with setup.connect(settings(**given), Clock()):
            pass


async def test_a_list_of_ones_own_stands_instead_of_the_published_ones(tmp_path: Path) -> None:
    world = World()
    log = world.rfc6962("one")
    path = tmp_path / "list.json"
    path.write_bytes(world.log_list())
    given = settings(logs__log_list=[str(path)], logs__hybrids=[f"{log.submission_url}=https://tiles.test/"])
    sources = setup.sources_of(given, setup.choice_of(given), world.transport(), world.clock, None)
    loaded = await sources.load()
    assert [one.description for one in loaded.logs] == ["one"]
    assert loaded.logs[0].monitoring_url == "https://tiles.test/"


async def test_keys_are_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        given = settings(logs__log_key=["no key"])
        setup.sources_of(given, setup.choice_of(given), World().transport(), Clock(), None)
