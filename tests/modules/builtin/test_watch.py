"""The module `watch`: its findings, and its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.modules.builtin.matching import Around
from tests.modules.builtin.paging import entries_for

from certhia.config.modules.watch import WatchSection
from certhia.errors import ConfigError
from certhia.modules.builtin.watch import Watch
from certhia.modules.finding import Finding
from certhia.testing import SimClock


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def around(tmp_path: Path, clock: SimClock) -> Around:
    return Around(tmp_path, clock)


def made(around: Around, **settings: object) -> Watch:
    module = Watch()
    module.setup(WatchSection.model_validate(settings), around.outside)
    return module


def findings(module: Watch, *names: str) -> list[Finding]:
    return list(module.process(entries_for(*([name] for name in names))))


@pytest.mark.parametrize(
    "names, besides",
    [
        (["acme.test"], ""),
        (["acme.test", "*.acme.test"], "; 1 more name matches"),
        (["acme.test", "a.acme.test", "b.acme.test"], "; 2 more names match"),
        (["acme.example.org", "x.acme.test"], "; 1 more rule and 1 more name match"),
    ],
)
def test_rules_and_names_are_counted_apart(around: Around, names: list[str], besides: str) -> None:
    (found,) = made(around, rules=("kw:acme", "example.org")).process(entries_for(names))
    assert found.text.partition("issued by Certhia Test")[2] == besides


def test_a_match_is_a_finding_with_tags(around: Around) -> None:
    module = made(around, rules=("kw:acme", "example.org"), tags=("brand", "eu"), severity="high")
    batch = entries_for(["other.example"], ["acme.example.org", "192.0.2.1"])
    (found,) = module.process(batch)
    certificate = batch.page[1].certificate
    assert (
        found.text == "[brand, eu] acme.example.org is below example.org, issued by Certhia Test; 1 more rule matches"
    )
    assert (found.kind, found.severity, found.position) == ("match", "high", 1)
    assert found.names == ("acme.example.org", "192.0.2.1")
    hit = {"name": "acme.example.org", "where": "san", "programme": "", "platform": "", "score": 0}
    assert found.data == {
        "tags": ["brand", "eu"],
        "hits": [
            {"rule": "example.org", "why": "below", "detail": "", **hit},
            {"rule": "kw:acme", "why": "keyword", "detail": "acme", **hit},
        ],
        "issuer": certificate.issuer,
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "tbs_sha256": certificate.tbs_sha256.hex(),
        "precertificate": False,
    }
    assert list(module.process(batch)) == [], "the same certificate once more"


def test_programmes_of_files_are_told(around: Around) -> None:
    scope = around.directory / "scope.toml"
    scope.write_text('[[programs]]\nname = "Acme"\nplatform = "hackerone"\ndomains = ["acme.example"]\n')
    ((hit,),) = [found.data["hits"] for found in findings(made(around, files=(scope,)), "www.acme.example")]  # type: ignore[misc]
    assert (hit["programme"], hit["platform"]) == ("Acme", "hackerone")  # type: ignore[index, call-overload]


def test_files_that_change_are_read_again(around: Around, clock: SimClock) -> None:
    path = around.directory / "rules.txt"
    path.write_text("a.example\n")
    module = made(around, files=(path,))
    assert len(findings(module, "a.example", "b.example")) == 1
    path.write_text("a.example\nb.example\n")
    assert len(findings(module, "b.example")) == 0, "it has not looked yet"
    clock.advance(5)
    assert len(findings(module, "b.example")) == 0, "it may be being written"
    clock.advance(5)
    assert len(findings(module, "b.example")) == 1
    assert around.said == ["rules reloaded: 1 added, 2 in all"]


def test_a_file_that_is_wrong_or_gone_leaves_the_rules_as_they_are(around: Around, clock: SimClock) -> None:
    path = around.directory / "rules.txt"
    path.write_text("a.example\n")
    module = made(around, files=(path,))
    for change in (lambda: path.write_text("a b\n"), path.unlink):
        change()
        for _ in range(3):
            clock.advance(5)
            assert len(findings(module, "a.example")) == 1
    assert len(around.said) == 2
    assert all(said.startswith("the rules stay as they are: modules.watch: ") for said in around.said)


def test_settings_change(around: Around) -> None:
    module = made(around, rules=("a.example",))
    module.reconfigure(WatchSection.model_validate({"rules": ("b.example",)}))
    assert [found.names for found in findings(module, "a.example", "b.example")] == [("b.example",)]
    with pytest.raises(ConfigError, match=r"modules\.watch: "):
        module.reconfigure(WatchSection())
    assert len(findings(module, "b.example")) == 1


def test_notices_of_rules_are_told(around: Around) -> None:
    made(around, rules=("com", "a.example"))
    assert len(around.said) == 1
