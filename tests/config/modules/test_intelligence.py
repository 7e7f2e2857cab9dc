"""Settings of the intelligence module."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.modules.intelligence import IntelligenceSection


def test_by_itself_every_kind_is_on() -> None:
    section = IntelligenceSection()
    kinds = ("issued", "first_certificate", "unusual_issuer", "key_reuse", "wildcard", "validity")
    assert all(getattr(section, kind) for kind in (*kinds, "short_lived", "rhythm", "caa"))
    assert (section.history, section.least, section.resolver, section.ccadb) == (50_000, 5, (), None)


def test_tables_are_read() -> None:
    section = IntelligenceSection.model_validate({"caa_domains": {"Own CA": ["ca.example.com"]}, "issued": False})
    assert section.caa_domains == {"Own CA": ("ca.example.com",)}
    assert not section.issued


@pytest.mark.parametrize("wrong", [{"least": 0}, {"history": -1}, {"caa_domains": ["x"]}])
def test_nonsense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntelligenceSection.model_validate(wrong)
