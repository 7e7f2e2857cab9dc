from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.errors import ConfigError
from certhia.model import RuleHit
from certhia.rules.language import parse_rule
from certhia.rules.watchlist import Watchlist


def hits(watchlist: Watchlist, *names: str) -> set[tuple[str, str, str]]:
    return {(hit.rule, hit.name, hit.why) for hit in watchlist.hits(watchlist.matcher.match(names))}


def test_what_each_rule_matches() -> None:
    watchlist = Watchlist.load(["example.com", "*.below.example", "=www.exact.example", "192.0.2.0/24"])
    assert hits(watchlist, "example.com", "a.b.example.com", "notexample.com") == {
        ("example.com", "example.com", "apex"),
        ("example.com", "a.b.example.com", "below"),
    }
    assert hits(watchlist, "below.example", "x.below.example") == {("*.below.example", "x.below.example", "below")}
    assert hits(watchlist, "www.exact.example", "exact.example", "*.exact.example") == {
        ("=www.exact.example", "www.exact.example", "exact"),
        ("=www.exact.example", "*.exact.example", "wildcard"),
    }
    assert hits(watchlist, "192.0.2.9", "192.0.3.9") == {("192.0.2.0/24", "192.0.2.9", "cidr")}


def test_the_same_rule_twice_is_compiled_once_and_told_for_all(tmp_path: Path) -> None:
    rules = [
        parse_rule("example.com", programme="A"),
        parse_rule(".Example.com.", programme="B"),
        parse_rule("example.com", programme="A"),
    ]
    watchlist = Watchlist(rules)
    assert len(watchlist.matcher) == 1
    assert len(watchlist) == 2
    found = watchlist.hits(watchlist.matcher.match(["www.example.com"]))
    assert found == (
        RuleHit("example.com", "www.example.com", "san", "below", "A"),
        RuleHit(".Example.com.", "www.example.com", "san", "below", "B"),
    )


def test_everything_is_streamed_unless_another_rule_matches() -> None:
    watchlist = Watchlist.load([".", "example.com"])
    assert watchlist.everything
    assert Watchlist.is_streamed(watchlist.hits(watchlist.matcher.match(["other.example"])))
    assert not Watchlist.is_streamed(watchlist.hits(watchlist.matcher.match(["example.com"])))
    assert not Watchlist.load(["example.com"]).everything


def test_nothing_to_watch_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"give a rule \(example.com\) or a file of rules"):
        Watchlist.load()


def test_every_problem_of_rules_and_files_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("a b\n")
    with pytest.raises(ConfigError) as caught:
        Watchlist.load(["c d", "good.example"], [bad, tmp_path / "missing.txt"])
    first, second, third = str(caught.value).splitlines()
    assert first.startswith('the rule "c d"')
    assert second.startswith(f"{bad}:1:")
    assert "missing.txt: cannot be read" in third


def test_notices_are_told_once(tmp_path: Path) -> None:
    assert len(Watchlist.load(["com", "com", "192.0.2.1/24", "example.com"]).notices) == 2


LABELS = st.sampled_from(["a", "b", "www", "xn--bcher-kva"])
NAMES = st.builds(".".join, st.lists(LABELS, min_size=1, max_size=4)).map(lambda name: f"{name}.example")


@given(st.lists(st.tuples(st.sampled_from(["tree", "below", "exact"]), NAMES), min_size=1, max_size=6), NAMES)
def test_rules_mean_what_they_say(wanted: list[tuple[str, str]], name: str) -> None:
    """The compiled rules against their plain definition."""
    spelled = {"tree": "{}", "below": "*.{}", "exact": "={}"}
    watchlist = Watchlist.load([spelled[kind].format(value) for kind, value in wanted])
    expected = {
        spelled[kind].format(value)
        for kind, value in wanted
        if (kind != "below" and name == value) or (kind != "exact" and name.endswith("." + value))
    }
    assert {rule for rule, _, _ in hits(watchlist, name)} == expected
