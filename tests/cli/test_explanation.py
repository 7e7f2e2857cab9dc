from certhia._core import Suffixes
from certhia.cli.explanation import SHOWN, fields, text
from certhia.model import RuleHit
from certhia.rules.trial import Tried


def tried(count: int, why: str = "below") -> Tried:
    return Tried(tuple(RuleHit("example.com", f"n{number}.example.com", "san", why) for number in range(count)), ())


def test_possible_matches_stand_apart() -> None:
    lines = text("?.example.com", None, tried(1, "possible"), Suffixes.shipped()).splitlines()
    assert lines[-1].startswith("  possible     example.com: n0.example.com may be meant for example.com: nobody")


def test_thousands_of_matches_are_counted() -> None:
    found = tried(1000)
    lines = text("example.com", None, found, Suffixes.shipped()).splitlines()
    assert lines[-1] == f"               and {1000 - SHOWN} more (--json has all)"
    assert len(lines) == 2 + SHOWN + 1
    rules = fields("example.com", None, found, Suffixes.shipped())["rules"]
    assert isinstance(rules, list)
    assert len(rules) == 1000


def test_a_name_has_no_certificate() -> None:
    told = fields("example.com", None, Tried((), ()), Suffixes.shipped())
    assert (told["certificate"], told["matched"], told["registrable_domains"]) == (None, False, ["example.com"])
