"""Settings of bug bounty platforms: tables with names, in files and variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.config import load
from certhia.config.differing import told
from certhia.config.platforms import HackerOnePlatform, UrlPlatform
from certhia.config.showing import show
from certhia.config.sources import examine
from certhia.errors import ConfigError

TOML = """
[platforms]
sync_interval = "2h"
max_programs = 7

[platforms.hackerone]
username = "hunter"
token_file = "token"
backfill = "30d"

[platforms.mine]
type = "url"
url = "https://scopes.example/all.json?key=abc"
subdomains = true
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("s3cret\n")
    path = tmp_path / "certhia.toml"
    path.write_text(TOML)
    return path


def test_tables_and_keys_stand_in_one_section(file: Path) -> None:
    platforms = load({}, file, {}).platforms
    assert (platforms.sync_interval, platforms.max_programs) == (7200, 7)
    one, mine = platforms.each["hackerone"], platforms.each["mine"]
    assert isinstance(one, HackerOnePlatform)
    assert one.token.get_secret_value() == "s3cret"
    assert (one.backfill, one.filter, one.url) == (30 * 86_400, "bookmarked", "https://api.hackerone.com")
    assert isinstance(mine, UrlPlatform)
    assert mine.subdomains


def test_variables(file: Path) -> None:
    environment = {"CERTHIA_PLATFORMS__MINE__URL": "https://b.example/", "CERTHIA_PLATFORMS__MAX_PROGRAMS": "9"}
    platforms = load({}, file, {**environment, "CERTHIA_PLATFORMS__INTIGRITI__TOKEN": "t"}).platforms
    assert platforms.max_programs == 9
    assert platforms.each["mine"].url == "https://b.example/"
    assert list(platforms.each) == ["hackerone", "mine", "intigriti"]


def test_nothing_secret_is_shown(file: Path) -> None:
    text = "\n".join(show(examine({}, file, {})))
    assert "s3cret" not in text
    assert "abc" not in text
    assert "https://scopes.example/****" in text


@pytest.mark.parametrize(
    "text, said",
    [
        ("[platforms.hackerone]\nusername = 'u'", "[platforms.hackerone] needs token"),
        ("[platforms.mine]\nurl = 'https://a/'", "[platforms.mine] has no type; write one of bugcrowd, hackerone"),
        ("[platforms.mine]\ntype = 'hackerwon'", '"hackerwon" is no type of platform; did you mean hackerone?'),
        ("[platforms.bugcrowd]\nurl = 'https://a/?b'", "has a query; write where the API begins"),
        ("[platforms.url]\nurl = 'a.example'", '"a.example" is no URL to fetch; write https://HOST/PATH'),
        ("[platforms.intigriti]\ntoken = 't'\nfilter = 'bookmarked'", "must be 'following' or 'all'"),
        ("[platforms]\nmax_program = 3", "is an unknown key; did you mean platforms.max_programs?"),
        ("[platforms]\nsync_interval = 1", "must be greater than or equal to 60"),
        ("[platforms]\nmax_programs = 20001", "must be less than or equal to 20000"),
        ("[platforms.'A B']\ntype = 'url'", "is no name of a platform"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load({}, tmp_path / "c.toml", {})
    assert said in str(error.value)


def test_what_changes_is_told_by_name(file: Path) -> None:
    before = load({}, file, {})
    file.write_text(TOML.replace("[platforms.mine]", "[platforms.ours]").replace('"2h"', '"3h"'))
    lines = told(before, load({}, file, {}))
    assert sorted(lines) == [
        "settings reloaded: platforms.mine is gone",
        "settings reloaded: platforms.ours is new",
        'settings reloaded: platforms.sync_interval is "3h" (was "2h")',
    ]
