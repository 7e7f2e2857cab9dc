"""For the tests of modules: pages and matches of certificates, and a module run over them."""

from __future__ import annotations

import pytest
from pydantic import Field

from certhia import ConfigError
from certhia.config.values import Section
from certhia.modules import Entries, Finding, Info, Outside, Sees
from certhia.testing import CA, entries_of, matches_of, results_of


class Keys(Section):
    word: str = Field("one", min_length=1)


class Mine:
    info = Info("mine", "1", "Mine", Sees.ENTRIES, config=Keys)

    def setup(self, config: Keys, outside: Outside) -> None:
        self.word, self.watched = config.word, len(outside.watched().matcher)

    def process(self, batch: Entries) -> list[Finding]:
        return [Finding(self.word, entry.certificate.names[0], position=position) for position, entry in batch]

    def flush(self) -> list[Finding]:
        return [Finding("rules", str(self.watched))]


def test_pages_and_matches() -> None:
    issued = CA().issue(["b.example"])
    batch = entries_of("a.example", issued, first=7)
    assert [(position, entry.index) for position, entry in batch] == [(0, 7), (1, 8)]
    matches = matches_of("a.example", issued)
    assert [match.names for _, match in matches] == [("a.example",), ("b.example",)]
    found = matches.certificate(1)
    assert found is not None
    assert (found.der, matches.issuer(0)) == (issued.der, None)


def test_a_module_from_its_beginning_to_its_end() -> None:
    found = results_of(Mine(), entries_of("a.example"), config={"word": "two"}, rules=("a.example", "b.example"))
    assert found == [Finding("two", "a.example", position=0), Finding("rules", "2")]
    with pytest.raises(ConfigError, match=r"modules.mine.word: "):
        results_of(Mine(), entries_of("a.example"), config={"word": ""})
