from pathlib import Path

from certhia._core import Certificate
from certhia.rules.trial import Trial
from certhia.testing.ca import CA

SCOPE = """
[Acme]
domains = ["acme.example"]
exclude = ["=status.acme.example"]
out_of_scope = ["shop.acme.example"]
[Else]
domains = ["acme.example"]
"""


def trial(tmp_path: Path, *rules: str) -> Trial:
    path = tmp_path / "scope.toml"
    path.write_text(SCOPE)
    return Trial(rules, [path])


def told(trial: Trial, *names: str) -> dict[str, list[str]]:
    tried = trial.names(names)
    found = {f"{hit.name} {hit.programme}": ["told"] for hit in tried.hits}
    return found | {f"{one.hit.name} {one.hit.programme}": [rule.text for rule in one.by] for one in tried.excluded}


def test_what_was_left_out_by_what(tmp_path: Path) -> None:
    assert told(trial(tmp_path), "www.acme.example", "status.acme.example", "a.shop.acme.example") == {
        "www.acme.example Acme": ["told"],
        "www.acme.example Else": ["told"],
        "status.acme.example Acme": ["=status.acme.example"],
        "status.acme.example Else": ["told"],
        "a.shop.acme.example Acme": ["shop.acme.example"],
        "a.shop.acme.example Else": ["told"],
    }


def test_every_exclusion_that_applies_is_named(tmp_path: Path) -> None:
    tried = trial(tmp_path, "!kw:status").names(["status.acme.example"])
    assert tried.hits == ()
    assert {(one.hit.programme, frozenset(rule.text for rule in one.by)) for one in tried.excluded} == {
        ("Acme", frozenset({"=status.acme.example", "!kw:status"})),
        ("Else", frozenset({"!kw:status"})),
    }


def test_a_wildcard_is_not_left_out_by_one_of_its_names(tmp_path: Path) -> None:
    assert told(trial(tmp_path), "*.acme.example")["*.acme.example Acme"] == ["told"]
    assert told(trial(tmp_path), "*.shop.acme.example")["*.shop.acme.example Acme"] == ["shop.acme.example"]


def test_a_certificate_can_be_left_out_as_a_whole(tmp_path: Path) -> None:
    certificate = Certificate.from_der(CA(organization="Inhouse").issue(["www.acme.example"]).der)
    assert len(trial(tmp_path).certificate(certificate).hits) == 2
    tried = trial(tmp_path, "!issuer:inhouse").certificate(certificate)
    assert tried.hits == ()
    assert [[rule.text for rule in one.by] for one in tried.excluded] == [["!issuer:inhouse"]] * 2


def test_without_exclusions_nothing_is_left_out() -> None:
    tried = Trial(["example.com"]).names(["example.com", "other.example"])
    assert ([hit.name for hit in tried.hits], tried.excluded) == (["example.com"], ())
