from __future__ import annotations

from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.errors import ConfigError, StateError
from certhia.library.importing.positions import of_database, of_file, take
from certhia.logs.roster import Roster
from certhia.logs.select import Choice
from certhia.quantity import Point
from certhia.store import State
from certhia.testing import World


def test_its_state_file(tmp_path: Path) -> None:
    path = tmp_path / "ct-scout-state.toml"
    path.write_text('"https://ct.example.com/2026h1/" = 12345678\n"https://ct.example.net/x/ct/v1/" = 0\n')
    assert of_file(path) == {"https://ct.example.com/2026h1/": 12345678, "https://ct.example.net/x/ct/v1/": 0}


@pytest.mark.parametrize("text", ["x = 1\n", '"https://a.example/" = "1"\n', '"https://a.example/" = -1\n', "[a]\n"])
def test_what_is_no_state_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"state\.toml:1: .*is no log with a position"):
        of_file(path)


async def test_a_database_that_is_none(unused_tcp_port: int) -> None:
    with pytest.raises(StateError, match=r"postgresql://me:\*\*\*\*@127\.0\.0\.1:\d+/x: ct_log_state cannot be read"):
        await of_database(f"postgresql://me:secret@127.0.0.1:{unused_tcp_port}/x", Clock())


async def test_logs_begin_where_it_stood(tmp_path: Path) -> None:
    world = World()
    alpha, beta = world.rfc6962("alpha").model, world.static("beta").model
    positions = {f"{alpha.url}ct/v1/": 7, beta.monitoring_url.rstrip("/"): 9, "https://none.example/": 1}
    async with await State.open(tmp_path / "state", clock=world.clock, follow=True) as state:
        taken = await take(positions, [alpha, beta], state)
        assert sorted(taken.taken.values()) == [7, 9]
        assert taken.unknown == ["https://none.example/"]
    async with await State.open(tmp_path / "state", clock=world.clock, follow=True) as state:
        roster = Roster(state, Choice(), Point("now"), world.clock)
        await roster.recall()
        assert [roster.point(log).value for log in (alpha, beta)] == [7, 9]
        again = await take({alpha.url: 8}, [alpha, beta], state)
        assert list(again.taken.values()) == [8], "nothing was followed yet"
