"""The module `domains`: what it reports, by which settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.modules.builtin.matching import Around, kinds
from tests.modules.builtin.paging import entries_for

from certhia.config.modules.domains import DomainsSection
from certhia.errors import ConfigError
from certhia.modules.batch import Entries
from certhia.modules.builtin.domains.module import TOLD, Domains, shown
from certhia.modules.builtin.domains.seen import Standing
from certhia.modules.finding import Finding
from certhia.testing import SimClock


@pytest.fixture
def clock() -> SimClock:
    return SimClock()


@pytest.fixture
def around(tmp_path: Path, clock: SimClock) -> Around:
    return Around(tmp_path, clock)


@contextmanager
def domains(around: Around, **settings: object) -> Iterator[Domains]:
    module = Domains()
    module.setup(DomainsSection.model_validate({"capacity": 10_000, **settings}), around.outside)
    try:
        yield module
    finally:
        module.close()


def process(module: Domains, batch: Entries) -> list[Finding]:
    return list(module.process(batch))


def texts(found: Sequence[Finding]) -> list[str]:
    return [one.text for one in found]


def test_how_many_were_new_is_told_once_in_a_while(around: Around, clock: SimClock) -> None:
    with domains(around, every="10m") as module:
        assert process(module, entries_for(["www.a.example", "a.example"], ["b.example"])) == []
        clock.advance(601)
        (found,) = process(module, entries_for(["b.example"], ["c.example", "d.example"]))
        assert found.text == (
            "4 registrable domains never seen before, of 5 in 4 entries; 4 are known (0.0 MB on disk, next to no "
            "errors yet)"
        )
        assert (found.kind, found.severity, found.position) == ("new-domains", "info", None)
        assert found.data == {
            "new": 4,
            "domains": 5,
            "entries": 4,
            "seconds": 601.0,
            "known": 4,
            "layers": 1,
            "bytes": module.seen.standing().nbytes,
            "error_rate": module.seen.standing().error_rate,
        }
        assert process(module, entries_for(["e.example"])) == []
        assert [one.data["new"] for one in module.flush()] == [1]
        assert list(module.flush()) == []
    assert around.said == ["of domains 0 are known (0.0 MB on disk, next to no errors yet)"]


def test_each_new_one_is_told_where_that_is_wanted(around: Around) -> None:
    with domains(around, report="all") as module:
        found = process(module, entries_for(["www.a.example"], ["a.example", "b.example"]))
        assert [(one.text, one.position, one.names) for one in found] == [
            ("a.example was never seen before", 0, ("a.example",)),
            ("b.example was never seen before", 1, ("b.example",)),
        ]
        assert process(module, entries_for(["a.example", "b.example"])) == []
        many = process(module, entries_for([f"d{number}.example" for number in range(TOLD + 20)]))
        assert len(many) == TOLD + 1
        assert many[-1].text == "20 further domains of that page were never seen before"


def test_those_that_rules_match_are_told(around: Around) -> None:
    with domains(around, report="watched") as module:
        (found,) = process(module, entries_for(["www.a.example"], ["www.example.com", "c.example"]))
        assert (found.names, found.data) == (
            ("example.com",),
            {"domain": "example.com", "rules": ["example.com"]},
        )


def test_new_ones_are_written_down(around: Around, tmp_path: Path) -> None:
    with domains(around, file=tmp_path / "new.jsonl") as module:
        assert process(module, entries_for(["www.a.example"], ["b.example"])) == []
        assert process(module, entries_for(["www.a.example"], ["b.example"])) == []
    lines = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text().splitlines()]
    assert [(line["domain"], line["index"]) for line in lines] == [("a.example", 0), ("b.example", 1)]


def test_only_some_are_told(around: Around) -> None:
    with domains(around, report="all", tlds=("example", ".co.uk"), names=("*bank*", "a.*")) as module:
        names = ["a.example", "c.example", "my-bank.example", "a.co.uk", "bank.test", "a.com"]
        assert [one.names[0] for one in process(module, entries_for(names))] == [
            *("a.example", "my-bank.example", "a.co.uk")
        ]
        assert module.seen.standing().known == 6, "all are known from now on"
    with (
        pytest.raises(ConfigError, match=r"modules.domains.tlds: 'd e' is none; write de"),
        domains(around, tlds=("d e",)),
    ):
        pass


def test_it_may_learn_first(around: Around, clock: SimClock) -> None:
    with domains(around, report="all", learn="1d") as module:
        assert process(module, entries_for(["a.example"])) == []
    clock.advance(86_401)
    with domains(around, report="all", learn="1d") as module:
        assert kinds(process(module, entries_for(["a.example", "b.example"]))) == ["new-domain"]


def test_only_what_it_is_to_see_counts(around: Around) -> None:
    with domains(around, report="all") as module:
        found = process(module, entries_for(["a.example"], ["b.example"], ["c.example"], positions=[0, 2]))
        assert [(one.names, one.position) for one in found] == [(("a.example",), 0), (("c.example",), 2)]
        assert [one.data["entries"] for one in module.flush()] == [2]


def test_settings_change_and_the_set_stays(around: Around, tmp_path: Path) -> None:
    with domains(around) as module:
        process(module, entries_for(["a.example"]))
        module.reconfigure(DomainsSection.model_validate({"report": "all"}))
        assert texts(process(module, entries_for(["a.example", "b.example"]))) == ["b.example was never seen before"]
        with pytest.raises(ConfigError, match="cannot be written"):
            module.reconfigure(DomainsSection.model_validate({"file": tmp_path}))
        assert texts(process(module, entries_for(["c.example"]))) == ["c.example was never seen before"], "as before"


def test_what_setup_refuses_leaves_nothing_open(around: Around, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"), domains(around, file=tmp_path):
        pass
    with domains(around):
        pass


def test_size_and_error_rate_are_told() -> None:
    assert shown(Standing(5_213_000, 0.0004, 24_200_000, 1)) == (
        "5,213,000 are known (24.2 MB on disk; of new ones 1 in 2,500 is taken for known)"
    )


def test_a_new_one_may_begin_before_the_old_one_ends(around: Around) -> None:
    with domains(around, report="all") as old:
        process(old, entries_for(["a.example"]))
        with domains(around, report="all") as new:
            assert process(new, entries_for(["a.example", "b.example"]))[0].names == ("b.example",)
        assert process(old, entries_for(["b.example"])) == []
