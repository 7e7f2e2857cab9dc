"""From assets to a programme's scope, and to rules that name it."""

from __future__ import annotations

from certhia.rules.platforms.records import MAX_ASSETS, Asset, Ruled, Scope
from certhia.rules.platforms.scopes import SHOWN, called, rules_of, scope_of
from certhia.rules.watchlist import Watchlist

WWW, BELOW = Ruled("exact", "www.acme.example"), Ruled("below", "acme.example")


def test_each_rule_once_and_out_of_scope_wins() -> None:
    assets = [
        Asset("url", "www.acme.example", True),
        Asset("url", "https://www.acme.example/", True),
        Asset("wildcard", "*.acme.example", True),
        Asset("url", "api.acme.example", True),
        Asset("url", "api.acme.example", False),
    ]
    scope, notes = scope_of("acme", "Acme", assets)
    assert scope == Scope("acme", "Acme", (WWW, BELOW), (Ruled("exact", "api.acme.example"),))
    assert notes == []


def test_what_could_not_be_used_is_told_in_part() -> None:
    scope, notes = scope_of("acme", "Acme", [Asset("url", f"*.a{n}*", True) for n in range(SHOWN + 2)])
    assert scope.rules == ()
    assert len(notes) == SHOWN + 1
    assert notes[-1] == "Acme: 2 more assets are no names or networks"


def test_assets_are_bounded() -> None:
    scope, notes = scope_of("a", "A", [Asset("url", f"h{n}.acme.example", True) for n in range(MAX_ASSETS + 1)])
    assert len(scope.rules) == MAX_ASSETS
    assert notes == [f"A: has more than {MAX_ASSETS} assets; the rest is left out"]


def test_subdomains_widen_what_is_in_scope_alone() -> None:
    assets = [Asset("url", "acme.example", True), Asset("url", "shop.acme.example", False)]
    scope, _ = scope_of("acme", "Acme", assets, subdomains=True)
    assert (scope.rules, scope.out) == ((Ruled("tree", "acme.example"),), (Ruled("exact", "shop.acme.example"),))


def test_rules_name_programme_and_platform_and_exclude_from_it_alone() -> None:
    out = Ruled("exact", "x.acme.example")
    scopes = [Scope("acme", "Acme", (BELOW,), (out,)), Scope("other", "Other", (Ruled("tree", "acme.example"),))]
    watchlist = Watchlist(scopes=rules_of("hackerone", scopes))
    hits = watchlist.match_names(["x.acme.example", "y.acme.example"])
    assert {(hit.name, hit.programme, hit.platform) for hit in hits} == {
        ("y.acme.example", "Acme", "hackerone"),
        ("x.acme.example", "Other", "hackerone"),
        ("y.acme.example", "Other", "hackerone"),
    }
    assert watchlist.notices == ()


def test_a_scope_with_nothing_in_it_excludes_nothing() -> None:
    assert list(rules_of("p", [Scope("a", "A", (), (WWW,))])) == []


def test_two_programmes_of_one_name() -> None:
    scopes = [Scope("a", "Acme", (WWW,)), Scope("b", "Acme", (WWW,)), Scope("c", "Acme", (WWW,), platform="other")]
    assert [name for _, name in called(scopes)] == ["Acme (a)", "Acme (b)", "Acme"]
    assert {rule.platform for rule in rules_of("p", scopes)} == {"p", "other"}
