import pytest

from certhia._core import Suffixes
from certhia.errors import ConfigError
from certhia.rules.gathering import MAX_NOTICES, Gathering
from certhia.rules.language import Rule, parse_rule


def test_rules_of_all_kinds_are_gathered() -> None:
    gathering = Gathering(Suffixes.shipped())
    gathering.add(parse_rule("com"))
    gathering.add(parse_rule("!www.com"))
    read = gathering.add_lines(b"a.example\nB.example\n", ("A", ""), gathering.source())
    assert (read.count, read.odd) == (1, [(2, b"B.example")])
    assert len(gathering.exclusions) == len(gathering.notices) == 1
    assert len(gathering.build()) == 2


def test_what_the_core_refuses_is_told() -> None:
    gathering = Gathering(Suffixes.shipped())
    with pytest.raises(ConfigError, match='the rule "odd" cannot be compiled'):
        gathering.add(Rule("tree", "a b", "odd"))
    gathering.add(Rule("tree", "a.example", "a.example"))
    gathering.add(Rule("tree", "a b", "!odd", excludes=True))
    with pytest.raises(ConfigError, match='the rule "!odd" cannot be compiled'):
        gathering.build()


def test_problems_come_first() -> None:
    gathering = Gathering(Suffixes.shipped())
    gathering.problems += ["one", "two"]
    with pytest.raises(ConfigError, match=r"^one\ntwo$"):
        gathering.build()


def test_notices_are_bounded() -> None:
    gathering = Gathering(Suffixes.shipped())
    gathering.notices += [f"notice {number // 2}" for number in range(100)]
    told = gathering.told()
    assert len(told) == MAX_NOTICES + 1
    assert told[-1] == "there are 30 more notices like these"
