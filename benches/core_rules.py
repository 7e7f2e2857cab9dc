"""What rules cost in the core: many of them, and those of other kinds on top."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import core_audience
import possible
import rule_sets
from core_pages import Material, fastest
from feeds import CACHE, ROOT, clean_environment
from rows import Figure, Row

from certhia._core import Matcher, Page, Rules
from certhia.errors import Malformed

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
ON_TOP = 10_000  # domain rules under those of other kinds
KINDS: tuple[tuple[str, Callable[[], Iterator[rule_sets.Rule]]], ...] = (
    ("1,000 keywords", rule_sets.keywords),
    ("100 regular expressions", rule_sets.patterns),
    ("200 look-alikes", rule_sets.lookalikes),
)


def rows(given: Material, entries: Path, rounds: int) -> Iterator[Row]:
    """Every row about rules."""
    yield _growing(given, rounds)
    yield from _on_top(given, rounds)
    yield from possible.rows(given)
    yield from core_audience.rows(given, rounds)
    yield _reload(entries)


def _compiled(*sets: Iterator[rule_sets.Rule]) -> Matcher | None:
    """None where the core has no such kind of rule."""
    rules = Rules()
    try:
        for rule in (rule for one in sets for rule in one):
            rules.add(*rule)
        return rules.build()
    except Malformed as error:
        print(f"left out: {error}", file=sys.stderr)
        return None


def _scans(given: Material, matchers: dict[str, Matcher], rounds: int) -> dict[str, list[float]]:
    """Microseconds an entry with each, by turns."""
    spent: dict[str, list[float]] = {name: [] for name in matchers}
    for _ in range(rounds):
        for name, matcher in matchers.items():
            spent[name].append(fastest(lambda matcher=matcher: _scan(given.pages, matcher), given.count))  # type: ignore[misc]
    return spent


def _scan(pages: list[Page], matcher: Matcher) -> None:
    for page in pages:
        matcher.scan(page)


def _growing(given: Material, rounds: int) -> Row:
    matchers = {f"{count:,} rules": Matcher(list(rule_sets.domains(count))) for count in COUNTS}
    spent = _scans(given, matchers, rounds)
    few, *_, many = spent.values()
    largest = matchers[f"{COUNTS[-1]:,} rules"]
    figures = [
        *(Figure(name, "us/entry", values) for name, values in spent.items()),
        Figure(f"the best of {COUNTS[-1]:,} less {COUNTS[0]:,}", "us/entry", [min(many) - min(few)], 0.3),
        Figure(f"memory of {COUNTS[-1]:,}, as the matcher counts it", "B/rule", [largest.nbytes / len(largest)], 100),
    ]
    return Row("a page's scan by domain rules", "core", figures)


def _on_top(given: Material, rounds: int) -> Iterator[Row]:
    bare = Matcher(list(rule_sets.domains(ON_TOP)))
    built = {name: _compiled(rule_sets.domains(ON_TOP), make()) for name, make in KINDS}
    built["all of them"] = _compiled(rule_sets.domains(ON_TOP), *(make() for _, make in KINDS))
    matchers = {name: matcher for name, matcher in built.items() if matcher is not None}
    spent = _scans(given, {"": bare, **matchers}, rounds)
    base = min(spent.pop(""))
    targets = {"all of them": 5.0}
    figures = [
        Figure(name, "us/entry", [value - base for value in values], targets.get(name))
        for name, values in spent.items()
    ]
    if figures:
        yield Row(f"other rules on top of {ON_TOP:,} domains", "core", figures)


def _reload(entries: Path) -> Row:
    """In a process of its own, whose memory is its rules'."""
    path = rule_sets.domain_file(CACHE / f"rules-{COUNTS[-1]}.txt", COUNTS[-1])
    command = [sys.executable, str(ROOT / "benches" / "reload.py"), str(entries), str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, env=clean_environment()).stdout)
    figures = [
        Figure("reading and compiling", "s", told["seconds"], 1),
        Figure("CPU of it", "s", told["cpu"]),
        Figure("longest pause of a thread that scans", "ms", told["pause"]),
        Figure("the same without a reload", "ms", told["pause_without"]),
        Figure("memory of the process, one set of rules", "B/rule", [told["one"]], 100),
        Figure("its peak while a second set was made", "B/rule", [told["two"]], 200),
    ]
    return Row(f"reload of {COUNTS[-1]:,} rules from a plain file", "core", figures)
