"""Rules of a module's own: what they match is told once, however often it is logged."""

from __future__ import annotations

import pytest
from tests.modules.builtin.matching import LOG
from tests.modules.builtin.paging import AUTHORITY, entries_for, page_of

from certhia.errors import ConfigError
from certhia.modules.batch import Entries
from certhia.modules.builtin.matching import FOR, Matching, compiled
from certhia.testing import SimClock


def test_a_certificate_is_told_once() -> None:
    clock = SimClock()
    matching = Matching(compiled("watch", ["kw:acme"]), clock)
    der = AUTHORITY.issue(["www.acme.example", "acme.example"]).der
    other = AUTHORITY.issue(["other.example"]).der
    (one,) = matching.of(Entries.of(LOG, page_of(other, der, der)))
    assert (one.position, one.entry.index, one.certificate.der) == (1, 1, der)
    assert [hit.name for hit in one.hits] == ["www.acme.example", "acme.example"]
    assert list(matching.of(Entries.of(LOG, page_of(der)))) == []
    clock.advance(FOR + 1)
    assert len(list(matching.of(Entries.of(LOG, page_of(der))))) == 1


def test_only_entries_that_it_is_to_see_count() -> None:
    matching = Matching(compiled("watch", ["kw:acme"]), SimClock())
    names = (["a.acme.example"], ["b.acme.example"], ["c.acme.example"])
    assert [one.position for one in matching.of(entries_for(*names, positions=[0, 2]))] == [0, 2]
    assert list(matching.of(entries_for(*names, positions=[]))) == []


def test_other_rules() -> None:
    matching = Matching(compiled("watch", ["kw:acme"]), SimClock())
    matching.adopt(compiled("watch", ["kw:other"]))
    assert list(matching.of(entries_for(["acme.example"]))) == []


@pytest.mark.parametrize(
    "rules, words",
    [(["."], r"modules\.watch: the rule \. matches every"), ([], r"modules\.watch: there is nothing to watch")],
)
def test_rules_that_make_no_sense(rules: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        compiled("watch", rules)
