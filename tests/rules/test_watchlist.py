import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Certificate, Suffixes
from certhia.errors import ConfigError, Malformed
from certhia.model import RuleHit
from certhia.rules.files import SHOWN
from certhia.rules.gathering import MAX_NOTICES
from certhia.rules.language import Rule, parse_rule
from certhia.rules.suffixes import InUse
from certhia.rules.watchlist import Watchlist
from certhia.testing.ca import CA


def hits(watchlist: Watchlist, *names: str) -> set[tuple[str, str, str]]:
    return {(hit.rule, hit.name, hit.why) for hit in watchlist.match_names(names)}


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


def test_the_same_rule_twice_is_told_once_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "rules.txt"
    path.write_text("example.com\nexample.com\n.example.com\n")
    rules: list[str | Rule] = [
        parse_rule("example.com", programme="A"),
        parse_rule(".Example.com.", programme="B"),
        parse_rule("example.com", programme="A"),
        "example.com",
    ]
    watchlist = Watchlist(*rules, files=[path, path])
    assert watchlist.match_names(["www.example.com"]) == (
        RuleHit("example.com", "www.example.com", "san", "below", "A"),
        RuleHit(".Example.com.", "www.example.com", "san", "below", "B"),
        RuleHit("example.com", "www.example.com", "san", "below"),
        RuleHit(".example.com", "www.example.com", "san", "below"),
    )


def test_rules_are_there_by_number(tmp_path: Path) -> None:
    plain, scope = tmp_path / "plain.txt", tmp_path / "scope.toml"
    plain.write_text("a.example\nB.example\n*.c.example\n")
    scope.write_text('[A]\ndomains = ["d.example", "kw:acme"]\n[B]\ndomains = ["e.example"]')
    watchlist = Watchlist("=x.example", files=[plain, str(scope)])
    assert len(watchlist) == len(watchlist.rules) == 7
    assert {(rule.text, rule.kind, rule.value, rule.programme) for rule in watchlist.rules} == {
        ("=x.example", "exact", "x.example", ""),
        ("a.example", "tree", "a.example", ""),
        ("B.example", "tree", "b.example", ""),
        ("*.c.example", "below", "c.example", ""),
        ("d.example", "tree", "d.example", "A"),
        ("kw:acme", "keyword", "acme", "A"),
        ("e.example", "tree", "e.example", "B"),
    }
    for name, programme in (("x.d.example", "A"), ("acme.test", "A"), ("e.example", "B"), ("a.example", "")):
        (hit,) = watchlist.match_names([name])
        assert hit.programme == programme


def test_a_certificate_is_matched() -> None:
    certificate = CA().issue(["www.example.com", "other.example"]).der
    watchlist = Watchlist("example.com", "=other.example")
    hits = watchlist.match(certificate)
    assert {(hit.rule, hit.name, hit.why) for hit in hits} == {
        ("example.com", "www.example.com", "below"),
        ("=other.example", "other.example", "exact"),
    }
    assert watchlist.match(Certificate.from_der(certificate)) == hits
    with pytest.raises(Malformed):
        watchlist.match(b"nothing")


SCOPE = """
exclude = ["c.a.example"]
domains = ["everybodys.example"]

[A]
domains = ["a.example"]
exclude = ["b.a.example"]
out_of_scope = ["b.everybodys.example"]

[B]
domains = ["a.example"]
"""


def programmes_hit(watchlist: Watchlist, name: str) -> set[str]:
    return {hit.programme for hit in watchlist.match_names([name])}


def test_what_is_excluded_from_whom(tmp_path: Path) -> None:
    scope, other = tmp_path / "scope.toml", tmp_path / "other.toml"
    scope.write_text(SCOPE)
    other.write_text('[A]\nout_of_scope = ["d.a.example"]\n[C]\ndomains = ["a.example"]')
    watchlist = Watchlist("a.example", "!e.a.example", files=[scope, other])
    for name, programmes in (
        ("x.a.example", {"", "A", "B", "C"}),
        ("b.a.example", {"", "B", "C"}),  # A's own
        ("c.a.example", {"", "C"}),  # all of the file
        ("d.a.example", {"", "B", "C"}),  # A's own, from another file
        ("e.a.example", set()),  # everything
        ("b.everybodys.example", {""}),  # of programme A alone, which has no such rule
    ):
        assert programmes_hit(watchlist, name) == programmes, name


def test_exclusions_can_be_gathered_alone() -> None:
    watchlist = Watchlist("a.example", "!b.a.example", excluding=False)
    assert len(watchlist.match_names(["b.a.example"])) == 1
    assert [one.rule.text for one in watchlist.exclusions] == ["!b.a.example"]


def test_only_exclusions_are_refused() -> None:
    with pytest.raises(ConfigError, match="there are only exclusions, so nothing could match"):
        Watchlist("!example.com")


def test_a_programme_without_rules_that_excludes_is_told(tmp_path: Path) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text('[A]\nexclude = ["x.example"]\n[B]\ndomains = ["b.example"]\nexclude = ["x.b.example"]')
    (notice,) = Watchlist(files=[scope]).notices
    assert notice.startswith('programme "A" excludes, but has no rules')


def test_a_list_of_suffixes_that_cannot_be_used_is_told() -> None:
    chosen = InUse(Suffixes.shipped(), notice="it is broken")
    assert Watchlist("example.com", suffixes=chosen).notices == ("it is broken",)


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


def test_but_not_more_than_anybody_reads() -> None:
    with pytest.raises(ConfigError) as caught:
        Watchlist(*(f"{number} {number}" for number in range(1000)))
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (SHOWN + 1, "there may be more problems; mend these first")


def test_notices_are_told_once(tmp_path: Path) -> None:
    assert len(Watchlist.load(["com", "com", "192.0.2.1/24", "example.com"]).notices) == 2
    many = Watchlist.load([f"kw:{letter}{digit}" for letter in "abcdefgh" for digit in "012345"]).notices
    assert len(many) == MAX_NOTICES + 1
    assert many[-1] == "there are 28 more notices like these"


def test_plain_rules_take_no_memory_here(tmp_path: Path) -> None:
    path, count = tmp_path / "many.txt", 50_000
    path.write_text("".join(f"name{number}.example.com\n" for number in range(count)))
    Watchlist(files=[path])  # what is imported and cached once
    tracemalloc.start()
    watchlist = Watchlist(files=[path])
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 20_000
    assert watchlist.matcher.nbytes < 100 * count
    assert watchlist.rules[count - 1].text == f"name{count - 1}.example.com"


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


@pytest.mark.parametrize("wrong", [b"x", ["a.example"], 5])
def test_what_is_no_rule_is_a_type_error_that_says_what_to_give(wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"a rule is text, not {type(wrong).__name__}"):
        Watchlist(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["-w", "--watch", "!-w", "-w.example.com", "--watch=example.com"])
def test_an_option_is_no_rule(rule: str) -> None:
    with pytest.raises(ConfigError, match="begins with a hyphen, as options do"):
        Watchlist(rule)
    assert len(Watchlist("=-w.example.com")) == 1


@pytest.mark.parametrize("rule, version", [("0.0.0.0/0", 4), ("::/0", 6)])
def test_all_addresses_are_told_as_wide(rule: str, version: int) -> None:
    assert f'"{rule}" is every IPv{version} address' in " ".join(Watchlist(rule).notices)
