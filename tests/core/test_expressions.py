"""Regular expressions of many clients: what they take together, and that they find what they find by themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from certhia._core import Audience, Filter, Issuers, Matcher, Page, to_ascii
from certhia.testing import CA
from certhia.testing.entries import Entry, Submission

CLIENTS = 1000
ROOM = 64 << 20  # bytes, for all clients


def ten(number: int) -> list[tuple[str, str]]:
    """Ten rules that no other client has, of the kinds that people write."""
    word = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}")
    low, high = number % 32, number // 32
    return [
        ("regex", rf"\w+-{word}\d+\."),
        ("regex", rf"(?i)Login[-.]?{word}\w*\.[[:alpha:]]+$"),
        ("regex", rf"^\d{{2,}}{word}[[:alpha:]]*"),
        ("regex", rf"\b{word}\b"),
        ("regex", rf"(?i){word}(?:shop|pay|bank)\d?"),
        ("regex", rf"^(?:\w+\.)?{word}\.\w+$"),
        ("regex", rf"{word}[^\w.]\w"),
        ("regex", rf"(?i)^[[:alpha:]]+\d{word}\W"),
        ("regex", rf"^\w{{{1 + low}}}\.\d{{{1 + high}}}\."),
        ("regex", rf"^[[:alpha:]]{{{1 + low}}}\d{{{1 + high}}}[.-]"),
    ]


def test_ten_rules_of_each_of_a_thousand_clients_have_room() -> None:
    filters = [Filter(ten(number)) for number in range(CLIENTS)]
    compiled = sum(one.compiled for one in filters)
    assert compiled <= ROOM
    assert sum(one.nbytes for one in filters) <= compiled + 300 * 10 * CLIENTS
    assert Audience(filters).nbytes <= ROOM


def test_a_process_grows_no_more_than_that() -> None:
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, timeout=120)
    grown, compiled = map(int, done.stdout.split())
    assert grown <= ROOM
    assert grown <= 1.5 * compiled + (8 << 20), "what is said to be taken is what is taken"


NAMES = [
    "www.example.com",
    "login-24.acme-shop.example",
    "a1.b22.c333.example",
    "bücher.example",
    "αβγ७७.example",
    "shop-пример.рф",
    "中文1.cn",
    "_dmarc.x-1.example",
    "éé.é.example",
]
# What Python means by them it means of names in lower case as Rust does; it has no classes such as [[:alpha:]].
EXPRESSIONS = [
    r"\w+\d",
    r"^\w{2,6}\.",
    r"\d{2,}",
    r"[^a-z.]{2}",
    r"\W\w\W",
    r"\bshop\b",
    r"\B\w\B",
    r"(?i)B.CHER",
    r"^[\w-]+(?:\.[\w-]+)+$",
    r"^\D+$",
    r"[a-zé]+\.[a-z]{2,3}$",
    r"[α-ω]+\d",
    r"ü|中",
    r"^(?:\S\w){2}",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_names_of_all_scripts_match_as_python_matches_them(expression: str) -> None:
    """A name in another script is looked at in A-labels and in Unicode."""
    matcher, direct = Matcher([("regex", expression)]), re.compile(expression, re.IGNORECASE)
    for name in NAMES:
        written = to_ascii(name)
        assert bool(matcher.match([written])) == any(direct.search(form) for form in (name, written)), written


def _resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


def _measured() -> None:
    submitted = Submission.of(CA("one").issue([to_ascii(name) for name in NAMES]))
    entries = b",".join(Entry(number, 0, submitted).json for number in range(100))
    page = Page.from_get_entries([b'{"entries":[%b]}' % entries], 0, Issuers())
    Audience([Filter([("regex", r"^\w+é")])]).select(page)
    before = _resident()
    filters = [Filter(ten(number)) for number in range(CLIENTS)]
    audience = Audience(filters)
    audience.select(page)
    sys.stdout.write(f"{_resident() - before} {sum(one.compiled for one in filters)}\n")


if __name__ == "__main__":
    _measured()
