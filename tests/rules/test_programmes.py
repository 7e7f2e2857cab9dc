import json
from pathlib import Path

import pytest

from certhia._core import Suffixes
from certhia.errors import ConfigError
from certhia.rules import programmes
from certhia.rules.gathering import Gathering
from certhia.rules.language import Rule
from certhia.rules.numbers import Numbered
from certhia.rules.programmes import read_programmes
from certhia.rules.watchlist import Watchlist

CT_SCOUT = """
[watchlist]
domains = ["*.ibm.example", ".hilton.example"]
hosts = ["exact.example.com"]
ips = ["192.168.1.100"]
cidrs = ["172.16.0.0/12"]

[[programs]]
name = "IBM"
domains = [".ibm.example"]
cidrs = []

[[programs]]
name = "Hilton"
platform = "hackerone"
domains = [".hilton.example"]
hosts = ["=www.hilton.example"]
cidrs = ["192.251.125.0/24", "203.79.37.0"]
"""

BY_NAME = """
acme:
  platform: intigriti
  domains: [acme.example, "*.acme.test"]
  hosts: www.acme.example
on:
  ips:
    - 2001:db8::1
"""


def gathered(tmp_path: Path, name: str, text: str) -> Gathering:
    path = tmp_path / name
    path.write_text(text)
    gathering = Gathering(Suffixes.shipped())
    read_programmes(path, gathering)
    return gathering


def read(tmp_path: Path, name: str, text: str) -> list[Rule]:
    gathering = gathered(tmp_path, name, text)
    return list(Numbered(gathering.numbers, gathering.build()))


def told(rules: list[Rule]) -> set[tuple[str, str, str, str]]:
    return {(rule.kind, rule.value, rule.programme, rule.platform) for rule in rules}


def problems(tmp_path: Path, name: str, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, name, text)
    return [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()]


def test_ct_scouts_form(tmp_path: Path) -> None:
    assert told(read(tmp_path, "scope.toml", CT_SCOUT)) == {
        ("below", "ibm.example", "", ""),
        ("tree", "hilton.example", "", ""),
        ("exact", "exact.example.com", "", ""),
        ("cidr", "192.168.1.100", "", ""),
        ("cidr", "172.16.0.0/12", "", ""),
        ("tree", "ibm.example", "IBM", ""),
        ("tree", "hilton.example", "Hilton", "hackerone"),
        ("exact", "www.hilton.example", "Hilton", "hackerone"),
        ("cidr", "192.251.125.0/24", "Hilton", "hackerone"),
        ("cidr", "203.79.37.0", "Hilton", "hackerone"),
    }


def test_a_mapping_by_name(tmp_path: Path) -> None:
    assert told(read(tmp_path, "scope.yaml", BY_NAME)) == {
        ("tree", "acme.example", "acme", "intigriti"),
        ("below", "acme.test", "acme", "intigriti"),
        ("exact", "www.acme.example", "acme", "intigriti"),
        ("cidr", "2001:db8::1", "on", ""),  # YAML's booleans are names here
    }


@pytest.mark.parametrize(
    "name, text",
    [
        ("a.yaml", "- {name: A, domains: [a.example]}"),
        ("a.yml", "programmes: [{name: A, domains: [a.example]}]"),
        ("a.yaml", "programme: {A: {domains: [a.example]}}"),
        ("a.toml", '[[program]]\nname = "A"\ndomains = "a.example"'),
        ("a.toml", '[programs.A]\ndomains = ["a.example"]'),
        ("a.toml", '[A]\ndomains = ["a.example"]'),
        (
            "a.yaml",
            "x: &x [a.example]\nA: {domains: *x}".replace(
                "x: &x [a.example]\nA: {domains: *x}", "A: {domains: &x [a.example]}"
            ),
        ),
    ],
)
def test_all_forms(tmp_path: Path, name: str, text: str) -> None:
    assert told(read(tmp_path, name, text)) == {("tree", "a.example", "A", "")}


def test_rules_without_a_programme(tmp_path: Path) -> None:
    assert told(read(tmp_path, "a.toml", 'domains = ["."]')) == {("all", "", "", "")}


@pytest.mark.parametrize("name, text", [("a.toml", ""), ("a.yaml", "programs: []"), ("a.yaml", "A: {domains: []}")])
def test_no_rules(tmp_path: Path, name: str, text: str) -> None:
    gathering = gathered(tmp_path, name, text)
    assert gathering.problems == []
    with pytest.raises(ConfigError, match="there is nothing to watch"):
        gathering.build()


def test_domains_take_any_rule(tmp_path: Path) -> None:
    written = ["kw:acme", "issuer:Acme # 1", "re:^a-[0-9]+$", "Bücher.example", "=x.example", "!kw:test", "b.example"]
    gathering = gathered(tmp_path, "a.toml", f'[A]\nplatform = "h1"\ndomains = {json.dumps(written)}')
    rules = {(rule.text, rule.programme, rule.platform) for rule in Numbered(gathering.numbers, gathering.build())}
    assert rules == {(text, "A", "h1") for text in written if text[0] != "!"}
    assert [one.rule.text for one in gathering.exclusions] == ["!kw:test"]


def test_what_a_programme_leaves_out(tmp_path: Path) -> None:
    text = """
exclude = ["kw:staging"]
[A]
domains = ["a.example"]
exclude = "=status.a.example"
out_of_scope = ["shop.a.example", "192.0.2.0/24"]
"""
    rules = [one.rule for one in gathered(tmp_path, "a.toml", text).exclusions]
    assert all(rule.excludes for rule in rules)
    assert {(rule.programme, rule.text, rule.out_of_scope) for rule in rules} == {
        ("", "kw:staging", False),
        ("A", "=status.a.example", False),
        ("A", "shop.a.example", True),
        ("A", "192.0.2.0/24", True),
    }


def test_long_lists_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programmes, "_AT_ONCE", 7)
    written = [f"n{number}.example" if number % 3 else f"kw:key{number}" for number in range(40)]
    written[20] = "a b"
    (problem,) = gathered(tmp_path, "a.toml", f"domains = {json.dumps(written)}").problems
    assert "domains[20]: the rule" in problem
    del written[20]
    assert {rule.text for rule in read(tmp_path, "a.toml", f"domains = {json.dumps(written)}")} == set(written)


def test_wide_rules_are_told(tmp_path: Path) -> None:
    notices = gathered(tmp_path, "a.toml", 'domains = ["a.example", "*.co.uk", "com"]').notices
    assert [notice.split('"')[1] for notice in notices] == ["*.co.uk", "com"]


URL = """
[[programs]]
name = "A"
domains = [
  "ok.example",
  "https://x.example/",
]
"""


def test_the_watch_list_in_ct_scouts_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    theirs = (
        '[ct_logs]\nbatch_size = 256\n[logging]\nlevel = "info"\n[watchlist]\ndomains = [".example.com"]\nhosts = []\n'
    )
    path.write_text(theirs + '[[programs]]\nname = "Acme"\ndomains = ["*.acme.example"]\n')
    assert [rule.text for rule in Watchlist(files=[path]).rules] == [".example.com", "*.acme.example"]
    path.write_text('[ct_logs]\nbatch_size = 256\n[watchlist]\ndomains = [".example.com"]\n')
    with pytest.raises(ConfigError, match="ct_logs: is an unknown key"):
        Watchlist(files=[path])


@pytest.mark.parametrize(
    "name, text, problem",
    [
        ("a.toml", URL, 'a.toml:6:4: programs[0].domains[1]: the rule "https://x.example/" is a URL; write its host'),
        ("a.yaml", "A:\n  hosts:\n    - '*.x.example'", 'a.yaml:3:8: A.hosts[0]: the rule "=*.x.example" has a star'),
        ("a.yaml", "A:\n  ips: [x.example]", 'a.yaml:2:9: A.ips[0]: "x.example" is no address or network; names'),
        ("a.yaml", "A: {ips: [192.0.2.0/24]}", 'A.ips[0]: "192.0.2.0/24" is a network; networks belong in cidrs'),
        ("a.yaml", "A: {cidrs: ['.']}", 'A.cidrs[0]: "." is no address or network'),
        ("a.yaml", "A: {domains: [x.example], domain: y}", "A.domain: is an unknown key; did you mean domains?"),
        ("a.yaml", "webhook: {url: x}", "webhook: is an unknown key; known here are programs"),
        ("a.yaml", "program: {domans: [x]}", "program.domans: must be a programme"),
        ("a.yaml", "programs: x", "programs: must be a list of programmes"),
        ("a.yaml", "programs: [x]", "programs[0]: must be a programme"),
        ("a.yaml", "programs: [{domains: [x.example]}]", "programs[0]: has no name"),
        ("a.yaml", "programs: [{name: [], domains: [x.example]}]", "programs[0].name: must be text"),
        ("a.yaml", "A: {domains: {x: y}}", "A.domains: must be a list of texts"),
        ("a.toml", "domains = [1]", "domains[0]: must be text in quotes"),
        ("a.yaml", "just text", "a.yaml:1:1: holds no programmes; write [[programs]] with name and domains"),
        ("a.yaml", "", "a.yaml: holds no programmes"),
        ("a.yaml", "A: {domains: [' a b']}", 'a.yaml:1:18: A.domains[0]: the rule "a b" has a space'),
        ("a.yaml", "A: {domains: ['']}", "A.domains[0]: a rule is empty"),
        (
            "a.yaml",
            "A: {exclude: ['!a.example']}",
            '"!a.example" stands in a list of what is left out; write it without',
        ),
        ("a.yaml", "exclude: ['.']", '"." takes away every certificate'),
        ("a.yaml", "A: {hosts: ['!a.example']}", '"!a.example" excludes; that belongs in exclude'),
        ("a.yaml", "A: {domains: [x.example], out_of_scop: y}", "did you mean out_of_scope?"),
    ],
)
def test_problems_have_their_place(tmp_path: Path, name: str, text: str, problem: str) -> None:
    assert any(problem in line for line in problems(tmp_path, name, text))


def test_all_problems_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "a.yaml", "A: {domains: [a b, c d], hosts: [e f]}")) == 3


def test_not_more_than_anybody_reads(tmp_path: Path) -> None:
    found = problems(tmp_path, "a.yaml", f"A: {{domains: [{', '.join(['a b'] * 100)}]}}")
    assert len(found) == programmes.SHOWN + 1
    assert "mend these first" in found[-1]


def test_aliases_do_not_multiply_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programmes, "MAX_RULES", 500)
    text = "a: {domains: &x [" + ", ".join(["a.example"] * 100) + "]}\n"
    text += "".join(f"b{number}: {{domains: *x}}\n" for number in range(10))
    assert problems(tmp_path, "a.yaml", text) == ["a.yaml: holds more than 500 rules; split it"]


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("a.yaml", "a:\n  domains:\n    - [x.example]\n", "a.yaml:2:3: a.domains[0]: must be text in quotes"),
        ("a.yaml", "a:\n  name: []\n  domains: [x.example]\n", "a.yaml:2:3: a.name: must be text in quotes"),
        ("a.toml", "hosts = [1]\n[a]\ndomains = [1]\n", "a.toml:1:1: hosts[0]: must be text in quotes"),
        ("a.toml", "[a]\n# domains\ndomains = [1]\n", "a.toml:3:1: a.domains[0]: must be text in quotes"),
        (
            "a.toml",
            'domains=[\n # "bad name" is bad\n "bad name"]',
            'a.toml:3:6: domains[0]: the rule "bad name"',
        ),
        ("a.toml", 'domains=["\\u0062ad name"]', 'a.toml:1:14: domains[0]: the rule "bad name"'),
    ],
)
def test_every_complaint_has_its_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Watchlist(files=[path])
    assert told in str(caught.value)
