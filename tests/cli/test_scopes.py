"""Scopes of platforms as people see them."""

from __future__ import annotations

import json
import tomllib

from certhia.cli.scopes import SHOWN, as_json, as_toml, json_line, shown, table
from certhia.clock import Clock
from certhia.config.platforms import UrlPlatform
from certhia.library.fetching import Report
from certhia.rules.platforms.kept import Kept
from certhia.rules.platforms.records import Ruled, Scope
from certhia.rules.platforms.scoped import Scoped
from certhia.rules.platforms.syncing import Change, Synced

ACME = Scope(
    "acme",
    'Ac"me\x1b',
    (Ruled("below", "acme.example"), Ruled("cidr", "192.0.2.0/24")),
    (Ruled("exact", "x.acme.example"),),
)
MANY = tuple(f"=h{n}.example" for n in range(SHOWN + 3))


def synced(**given: object) -> Synced:
    return Synced(Kept({"acme": ACME}, 1_700_000_000.0), **given)  # type: ignore[arg-type]


def test_a_table() -> None:
    changes = [Change("a", "A", MANY, new=True), Change("b", "B", (), ("=b.example",), ends=True), Change("c", "C")]
    reports = [
        Report("h1", "hackerone", synced(changes=changes, notes=["a note"], failed=["x: why"], left_out=3)),
        Report("bc", "bugcrowd", synced()),
        Report("down", "url", None, "no answer\x1b"),
    ]
    lines = list(table(reports))
    assert lines[:2] == ["h1: 1 programme, 2 rules, 1 exclusion", "  new      A"]
    assert f"           and {len(MANY) - SHOWN} more" in lines
    assert "  gone     B" in lines
    assert "           - =b.example" in lines
    assert "  3 more programmes are left out: raise max_programs" in lines
    assert lines[-3:] == [
        "  a note",
        "bc (unofficial): 1 programme, 2 rules, 1 exclusion: nothing changed",
        "down: not fetched: no answer\\x1b",
    ]
    assert list(table([], dry=True))[-1].startswith("nothing was kept")


def test_what_is_shown_of_one_that_is_unofficial() -> None:
    lines = list(shown(Report("bc", "bugcrowd", synced(left_out=4))))
    assert lines[0] == "bc: answers, and shows 5 programmes"
    assert lines[1].startswith("  unofficial: ")
    assert list(shown(Report("x", "url", None, "why"))) == ["x: why"]


def test_json() -> None:
    told = json.loads(json_line(Report("h1", "hackerone", synced(changes=[Change("a", "A", ("=a",))]))))
    assert told["changes"] == [
        {"handle": "a", "programme": "A", "new": False, "gone": False, "added": ["=a"], "removed": []}
    ]
    assert told["at"] == "2023-11-14T22:13:20.000Z"
    assert json.loads(json_line(Report("h1", "hackerone", None, "why")))["error"] == "why"


def test_files_of_programmes() -> None:
    one = Scoped("mine", UrlPlatform(url="https://a.example/"), 1, 1.0, Clock())
    one.kept = Kept({"acme": ACME, "empty": Scope("empty", "Empty")}, 1.0)
    wanted = {
        "name": 'Ac"me\x1b',
        "platform": "mine",
        "domains": ["*.acme.example"],
        "cidrs": ["192.0.2.0/24"],
        "out_of_scope": ["=x.acme.example"],
    }
    assert tomllib.loads("\n".join(as_toml([one]))) == {"programs": [wanted]}
    assert json.loads(as_json([one])) == {"programs": [{**wanted, "handle": "acme"}]}
