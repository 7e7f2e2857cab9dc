import pytest

from certhia.errors import ConfigError
from certhia.rules import exclusions
from certhia.rules.exclusions import EVERYWHERE, Exclusion, Scopes
from certhia.rules.language import Rule, parse_rule


def exclusion(source: int, programme: str = "", platform: str = "") -> Exclusion:
    return Exclusion(parse_rule("!x.example", programme=programme, platform=platform), source)


def test_what_an_exclusion_concerns() -> None:
    mine = Rule("tree", "a.example", "a.example", "A", "h1")
    assert exclusion(EVERYWHERE).concerns(mine, 7)
    assert exclusion(7).concerns(mine, 7)
    assert not exclusion(8).concerns(mine, 7)
    assert exclusion(8, "A", "h1").concerns(mine, 7)
    assert not exclusion(7, "A", "").concerns(mine, 7)
    assert not exclusion(7, "B", "h1").concerns(mine, 7)


def test_scopes_are_those_that_it_concerns() -> None:
    scopes = Scopes()
    assert scopes.number(EVERYWHERE, ("A", "")) == EVERYWHERE
    numbers = [scopes.number(source, (name, "")) for source in (1, 2) for name in ("", "A", "B")]
    assert len(set(numbers) | {EVERYWHERE}) == 7
    assert scopes.number(1, ("A", "")) == numbers[1]
    for one, expected in (
        (exclusion(EVERYWHERE), [EVERYWHERE]),
        (exclusion(1), numbers[:3]),
        (exclusion(1, "A"), [numbers[1], numbers[4]]),
        (exclusion(1, "C"), []),
        (exclusion(9), []),
    ):
        assert [scope for _, scope in scopes.apply([one])] == expected


def test_what_concerns_all_rules_is_said_once() -> None:
    scopes = Scopes()
    for name in ("A", "B", "C"):
        scopes.number(1, (name, ""))
    assert [scope for _, scope in scopes.apply([exclusion(1)])] == [EVERYWHERE]
    scopes.number(EVERYWHERE, ("", ""))
    assert len(list(scopes.apply([exclusion(1)]))) == 3


def test_programmes_without_rules_are_told_once() -> None:
    scopes = Scopes()
    scopes.number(1, ("A", "h1"))
    lonely = scopes.idle([exclusion(1, "A", "h1"), exclusion(1, "A"), exclusion(1, "A"), exclusion(1)])
    assert len(lonely) == 1
    assert lonely[0].startswith('programme "A" excludes, but has no rules to take away from')


def test_exclusions_do_not_multiply_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exclusions, "MAX_EXCLUSIONS", 100)
    scopes = Scopes()
    scopes.number(EVERYWHERE, ("", ""))
    for number in range(60):
        scopes.number(1, (f"programme {number}", ""))
    with pytest.raises(ConfigError, match="there are more than 100 exclusions"):
        list(scopes.apply([exclusion(1), exclusion(1)]))
