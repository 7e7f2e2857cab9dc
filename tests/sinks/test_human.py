import io
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certhia.model import Delivery, LogName, MatchKind, RuleHit
from certhia.sinks.human import line, wants_color

Make = Callable[..., Delivery]


def hit(rule: str = "example.com", name: str = "www.example.com", programme: str = "") -> RuleHit:
    return RuleHit(rule, name, "san", "below", programme)


def test_one_aligned_line(make: Make) -> None:
    assert line(make(7)) == (
        "2025-10-09 08:53:21  www.example.com                       precert  verified    "
        "Example 'Log2026' #1007   example.com  [Acme (hackerone)]  +2 names  Let's Encrypt\n"
    )


def test_columns_stay_where_they_are(make: Make) -> None:
    log = LogName(b"", "", "A log with a description that goes on and on", "")
    lines = [line(make(1)), line(make(2, verified=False, log=log, issuer_organization="O" * 90))]
    assert lines[0].index("precert") == lines[1].index("precert")
    assert lines[1].index("unverified") == lines[0].index("verified")
    assert "A log with a de... #1002" in lines[1]
    assert line(make(7), brief=True).startswith("08:53:21  www.example.com")


def test_the_rule_is_told_where_it_is_not_the_name_itself(make: Make) -> None:
    plain = line(make(hits=(hit("www.example.com"),), names=("www.example.com",)))
    assert plain.count("www.example.com") == 1
    many = line(make(hits=tuple(hit(f"rule{number}.example") for number in range(5))))
    assert "rule0.example, rule1.example, rule2.example, +2" in many


@pytest.mark.parametrize(
    "changes, mark",
    [
        ({"kind": MatchKind.EXPECTED, "expected": "key"}, "  expected (key)  "),
        ({"kind": MatchKind.POSSIBLE}, "  possible  "),
        ({"fault": "cut off at byte 7"}, "  undecodable  "),
        ({"renewal": "names and issuer"}, "  renewal (names and issuer)  "),
        ({"unproven": "its issuer is not at hand"}, "  fingerprint unproven  "),
    ],
)
def test_marks(make: Make, changes: dict[str, object], mark: str) -> None:
    assert mark in line(make(**changes))
    assert mark.strip() in line(make(**changes), color=True)
    assert mark not in line(make())


def test_a_look_alikes_trick_and_score(make: Make) -> None:
    alike = RuleHit("typo:example.com", "examp1e.com", "san", "lookalike", detail="homoglyph\x1b[1m", score=93)
    assert "  typo:example.com (homoglyph\\x1b[1m, 93)  " in line(make(hits=(alike,)))


def test_every_programme_is_told_once(make: Make) -> None:
    told = line(make(hits=(hit(programme="A"), hit(programme="B"), hit("x.example", programme="A"))))
    assert "[A, B]" in told


def test_repeats_and_further_names(make: Make) -> None:
    assert line(make(repeat=True)).rstrip().endswith("told before")
    assert "+1 name " in line(make(names=("a", "b"), repeat=True))
    assert "name" not in line(make(names=("a.example",), hits=(hit("a.example", "a.example"),)))


def test_the_issuers_name_where_it_has_no_organisation(make: Make) -> None:
    assert "R11" in line(make(issuer_organization=""))


def test_a_look_alike_is_shown_as_both_labels(make: Make) -> None:
    told = line(make(hits=(hit("xn--pypal-4ve.com", "xn--pypal-4ve.com"),)))
    assert "xn--pypal-4ve.com (pаypal.com)" in told


@pytest.mark.parametrize("color", [False, True])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hostile=st.text())
def test_nothing_from_a_certificate_steers_the_terminal(make: Make, color: bool, hostile: str) -> None:
    log = LogName(b"", "", hostile, "")
    hits = (RuleHit(hostile, hostile, "san", "below", hostile, hostile),)
    told = line(make(names=(hostile, hostile), log=log, issuer_organization=hostile, hits=hits), color=color)
    inert = re.sub(r"\x1b\[(?:0|1|2|32|33|1;36)m", "", told) if color else told
    assert inert[-1] == "\n"
    assert inert[:-1].isprintable()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "setting, terminal, environment, wanted",
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {}, False),
    ],
)
def test_colour(setting: str, terminal: bool, environment: dict[str, str], wanted: bool) -> None:
    assert wants_color(setting, Terminal() if terminal else io.StringIO(), environment) is wanted


def test_colours_are_taken_back(make: Make) -> None:
    told = line(make(), color=True)
    assert told.count("\x1b[0m") * 2 == told.count("\x1b[")
