import pytest

from certhia._core import Rules
from certhia.rules.language import Rule, parse_rule
from certhia.rules.numbers import Numbered, Numbers


def test_rules_are_found_by_number() -> None:
    rules, numbers = Rules(), Numbers()
    for source, programme, lines in (
        (0, "", b"a.example\n=b.example\n"),
        (1, "A", b"c.example"),
        (1, "B", b"d.example"),
    ):
        read = rules.add_lines(lines)
        numbers.many(read.first, (programme, ""), source)
        odd = parse_rule("192.0.2.1", programme=programme)
        numbers.one(rules.add(odd.kind, odd.value), odd, source)
    matcher = rules.build()
    all_of_them = Numbered(numbers, matcher)
    assert [(rule.text, rule.programme) for rule in all_of_them] == [
        ("a.example", ""),
        ("=b.example", ""),
        ("192.0.2.1", ""),
        ("c.example", "A"),
        ("192.0.2.1", "A"),
        ("d.example", "B"),
        ("192.0.2.1", "B"),
    ]
    assert [numbers.source(number) for number in range(len(matcher))] == [0, 0, 0, 1, 1, 1, 1]
    assert all_of_them[-7] == Rule("tree", "a.example", "a.example")
    assert [rule.kind for rule in all_of_them[:2]] == ["tree", "exact"]
    assert Rule("tree", "c.example", "c.example", "A") in all_of_them


def test_numbers_that_no_rule_has() -> None:
    rules = Rules()
    rules.add_lines(b"a.example")
    numbers = Numbers()
    numbers.many(0, ("", ""), 0)
    numbered = Numbered(numbers, rules.build())
    for number in (1, -2):
        with pytest.raises(IndexError, match="there are 1"):
            numbered[number]


def test_everything() -> None:
    numbers = Numbers()
    numbers.many(0, ("", ""), 0)
    assert not numbers.everything
    numbers.one(1, parse_rule("."), 0)
    assert numbers.everything
