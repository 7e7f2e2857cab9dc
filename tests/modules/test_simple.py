"""The simple case: a function of one certificate, or of one match, is a whole module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from certhia import Certificate, ConfigError, Match
from certhia.modules import Drop, Finding, Name, Note, Sees, module
from certhia.modules.simple import Simple
from certhia.testing import entries_of, matches_of, results_of


@module
def brief(certificate: Certificate) -> str | None:
    """Certificates of b."""
    return "it is b" if certificate.names == ["b.example"] else None


@module(version="7", summary="Several")
def several(certificate: Certificate) -> Iterator[str | Finding | Name]:
    yield "one"
    yield Finding("odd", "two", severity="high", data={"names": certificate.names})
    yield Name("c.example", "elsewhere")


@module(name="patient")
async def waits(match: Match) -> Finding:
    return Finding("seen", match.names[0])


@module(name="several")
async def gives(match: Match) -> AsyncIterator[str]:
    yield match.names[0]
    yield "more"


@module(inline=True)
def judge(match: Match) -> Note | Drop:
    return Drop(99, "old") if match.names[0].startswith("old") else Note(99, {"first": match.names[0]})


def test_a_text_is_a_finding() -> None:
    assert results_of(brief, entries_of("a.example", "b.example")) == [
        Finding("brief", "it is b", position=1, names=("b.example",))
    ]
    assert (brief.info.sees, brief.info.cached, brief.info.summary) == (Sees.ENTRIES, True, "Certificates of b.")


def test_several_results_know_their_place() -> None:
    found = results_of(several, entries_of("a.example"))
    assert [one.position for one in found] == [0, 0, 0]
    assert found[2] == Name("c.example", "elsewhere", position=0)
    assert (several.info.version, several.info.summary) == ("7", "Several")


def test_coroutines_and_matches() -> None:
    assert results_of(waits, matches_of("a.example")) == [Finding("seen", "a.example", position=0)]
    assert waits.info.name == "patient"
    waits.called("other")
    assert waits.info.name == "patient"


def test_notes_and_drops_are_about_the_one() -> None:
    assert results_of(judge, matches_of("a.example", "old.example")) == [
        Note(0, {"first": "a.example"}),
        Drop(1, "old"),
    ]


def test_it_is_still_a_function() -> None:
    assert brief(entries_of("b.example").page[0].certificate) == "it is b"
    assert isinstance(brief, Simple)


def test_functions_of_anything_else() -> None:
    def wrong(number: int) -> None:
        del number

    def many(certificate: Certificate, other: Certificate) -> None:
        del certificate, other

    for one in (wrong, many, lambda: None):
        with pytest.raises(ConfigError, match="a module is a function of one certificate or one match"):
            module(one)


def test_one_that_gives_several_asynchronously() -> None:
    found = results_of(gives, matches_of("a.example", "b.example"))
    assert [(one.text, one.position) for one in found if isinstance(one, Finding)] == [
        ("a.example", 0),
        ("more", 0),
        ("b.example", 1),
        ("more", 1),
    ]
