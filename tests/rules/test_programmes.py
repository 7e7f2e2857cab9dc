from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.rules import programmes
from certhia.rules.language import Rule
from certhia.rules.programmes import read_programmes

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


def read(tmp_path: Path, name: str, text: str) -> list[Rule]:
    path = tmp_path / name
    path.write_text(text)
    return read_programmes(path)


def told(rules: list[Rule]) -> list[tuple[str, str, str, str]]:
    return [(rule.kind, rule.value, rule.programme, rule.platform) for rule in rules]


def problems(tmp_path: Path, name: str, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, name, text)
    return [line.removeprefix(f"{tmp_path}/") for line in str(caught.value).splitlines()]


def test_ct_scouts_form(tmp_path: Path) -> None:
    assert told(read(tmp_path, "scope.toml", CT_SCOUT)) == [
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
    ]


def test_a_mapping_by_name(tmp_path: Path) -> None:
    assert told(read(tmp_path, "scope.yaml", BY_NAME)) == [
        ("tree", "acme.example", "acme", "intigriti"),
        ("below", "acme.test", "acme", "intigriti"),
        ("exact", "www.acme.example", "acme", "intigriti"),
        ("cidr", "2001:db8::1", "on", ""),  # YAML's booleans are names here
    ]


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
    assert told(read(tmp_path, name, text)) == [("tree", "a.example", "A", "")]


def test_rules_without_a_programme(tmp_path: Path) -> None:
    assert told(read(tmp_path, "a.toml", 'domains = ["."]')) == [("all", "", "", "")]


@pytest.mark.parametrize("name, text", [("a.toml", ""), ("a.yaml", "programs: []"), ("a.yaml", "A: {domains: []}")])
def test_no_rules(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, name, text) == []


URL = """
[[programs]]
name = "A"
domains = [
  "ok.example",
  "https://x.example/",
]
"""


@pytest.mark.parametrize(
    "name, text, problem",
    [
        ("a.toml", URL, 'a.toml:6: programs[0].domains[1]: the rule "https://x.example/" is a URL; write its host'),
        ("a.yaml", "A:\n  hosts:\n    - '*.x.example'", 'a.yaml:3: A.hosts[0]: the rule "=*.x.example" has a star'),
        ("a.yaml", "A:\n  ips: [x.example]", 'a.yaml:2: A.ips[0]: "x.example" is no address or network; names'),
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
        ("a.yaml", "just text", "a.yaml:1: holds no programmes; write [[programs]] with name and domains"),
        ("a.yaml", "", "a.yaml: holds no programmes"),
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
