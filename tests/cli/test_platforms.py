"""certhia platforms: credentials tried, scopes fetched now, exported; and certhia watch --dry-run-sync."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.clock import Clock
from certhia.rules.platforms import intigriti
from certhia.rules.watchlist import Watchlist
from certhia.testing.platform_shapes import TOKEN, FakeProgramme
from certhia.testing.platforms import FakePlatforms, say

PROGRAMMES = [
    FakeProgramme(
        "acme",
        "Acme",
        [
            ("WILDCARD", "*.acme.example", True),
            ("URL", "https://www.acme.test/", True),
            ("CIDR", "198.51.100.0/24", True),
            ("URL", "status.acme.example", False),
        ],
    ),
    FakeProgramme("beta", "Beta\x1b[31m", [("URL", "beta.example", True), ("WILDCARD", "*.com", True)]),
]


class Beside:
    """Platforms on loopback, in a thread of their own."""

    def __init__(self) -> None:
        self.platforms = FakePlatforms(Clock(), list(PROGRAMMES))
        self.loop = asyncio.new_event_loop()
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        async with self.platforms.serve() as self.url:
            self._ready.set()
            await self._end.wait()

    def __enter__(self) -> Beside:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    monkeypatch.setattr(intigriti, "GAP", 0.0)  # by the machine's clock here
    with Beside() as one:
        yield one


@pytest.fixture
def file(beside: Beside, tmp_path: Path) -> Path:
    path = tmp_path / "certhia.toml"
    path.write_text(
        f'[platforms.intigriti]\ntoken = "{TOKEN}"\nfilter = "all"\nurl = "{beside.url}/intigriti"\n'
        f'[platforms.mine]\ntype = "url"\nurl = "{beside.url}/scopes.json"\n[platforms.bugcrowd]\nenabled = false\n'
        f'[state]\nname = "{tmp_path}/state"\n'
    )
    return path


def test_what_a_platform_shows(certhia: Command, file: Path) -> None:
    done = certhia("platforms", "test", "intigriti", "-c", file)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "intigriti: answers, and shows 2 programmes",
        "  Acme: 3 rules, 1 exclusion",
        "    *.acme.example",
        "    =www.acme.test",
        "    198.51.100.0/24",
    ]


def test_credentials_that_are_not_taken(certhia: Command, file: Path) -> None:
    file.write_text(file.read_text().replace(TOKEN, "wrong"))
    done = certhia("platforms", "test", "intigriti", "-c", file)
    assert done.status == 1
    assert "the credentials are not taken (401)" in done.out
    assert certhia("platforms", "test", "none", "-c", file).status == 2


def test_a_dry_run_keeps_nothing_and_a_sync_does(certhia: Command, file: Path, beside: Beside) -> None:
    dry = certhia("watch", "--dry-run-sync", "-c", file)
    assert dry.status == 0
    assert dry.out.splitlines()[:8] == [
        "intigriti: 2 programmes, 4 rules, 1 exclusion",
        "  new      Acme",
        "           + *.acme.example",
        "           + =www.acme.test",
        "           + 198.51.100.0/24",
        "           + !=status.acme.example",
        "  new      Beta[31m",
        "           + =beta.example",
    ]
    assert dry.out.splitlines()[-1].startswith("nothing was kept")
    assert certhia("platforms", "export", "-c", file).out == ""
    same = certhia("platforms", "sync", "--dry-run", "-c", file)
    assert same.out == dry.out
    assert certhia("platforms", "sync", "-c", file).out.splitlines() == dry.out.splitlines()[:-1]
    beside.platforms.programmes.pop()
    lines = certhia("platforms", "sync", "mine", "-c", file).out.splitlines()
    assert lines == ["mine: 1 programme, 3 rules, 1 exclusion", "  gone     Beta[31m", "           - =beta.example"]
    again = certhia("platforms", "sync", "mine", "--json", "-c", file)
    told = json.loads(again.out)
    assert (told["programmes"], told["rules"], told["changes"], told["official"]) == (1, 3, [], True)


def test_a_platform_that_is_down_leaves_what_was_fetched(certhia: Command, file: Path, beside: Beside) -> None:
    certhia("platforms", "sync", "mine", "-c", file)
    beside.platforms.fault("scopes", say(404))
    done = certhia("platforms", "sync", "mine", "-c", file)
    assert done.status == 1
    assert done.out.startswith("mine: not fetched: ")
    assert "Acme" in certhia("platforms", "export", "mine", "-c", file).out


def test_a_new_programme_is_read_again_though_a_command_fetched_it(
    certhia: Command, file: Path, tmp_path: Path
) -> None:
    """It is not new any more for the follower that starts then."""
    file.write_text(file.read_text().replace('type = "url"\n', 'type = "url"\nbackfill = "30d"\n'))
    done = certhia("platforms", "sync", "mine", "-c", file)
    assert "  certhia watch will read logs again from " in done.out
    assert certhia("platforms", "sync", "-c", file).status == 0  # nothing is new now
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as state:
        ((kind, payload),) = state.execute("select kind, payload from requests").fetchall()
    wish = json.loads(payload)
    assert (kind, wish["programmes"], wish["reverse"]) == (
        "backfill",
        [["Acme", "mine"], ["Beta[31m", "mine"]],
        True,
    )


@pytest.mark.parametrize("form", ["toml", "json"])
def test_what_is_exported_is_read_again(certhia: Command, file: Path, tmp_path: Path, form: str) -> None:
    certhia("platforms", "sync", "mine", "-c", file)
    done = certhia("platforms", "export", "mine", "--format", form, "-c", file)
    path = tmp_path / f"scopes.{'toml' if form == 'toml' else 'yaml'}"  # YAML reads JSON
    text = done.out
    if form == "json":
        text = json.dumps([{key: one[key] for key in one if key != "handle"} for one in json.loads(text)["programs"]])
    path.write_text(text)
    hits = Watchlist(files=[path]).match_names(["www.acme.example", "status.acme.example", "www.acme.test"])
    assert {(hit.name, hit.programme, hit.platform) for hit in hits} == {
        ("www.acme.example", "Acme", "mine"),
        ("www.acme.test", "Acme", "mine"),
    }


def test_none(certhia: Command, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("")
    done = certhia("platforms", "sync", "-c", tmp_path / "c.toml")
    assert done.status == 2
    assert "no platform is configured" in done.err
    assert certhia("platforms", "export", "--format", "xml", "-c", tmp_path / "c.toml").status == 2
