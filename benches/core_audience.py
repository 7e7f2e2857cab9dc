"""What the filters of a thousand clients cost in the core, beside reading the names alone."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import rule_sets
from core_pages import PAGE, Material, fastest
from rows import Figure, Row

from certhia._core import Audience, Filter, Matcher, Page, Sightings, registrable_domain

CLIENTS = 1_000
RULES = 10  # of each
TOGETHER = 4  # pages in a large one
CAPACITY = 1_000_000


def rows(given: Material, rounds: int) -> Iterator[Row]:
    """Filters held against pages, and sightings."""
    domains = _domains(given)
    plain = [Filter(_of(domains, number)) for number in range(CLIENTS)]
    audiences = {
        "": plain,
        "no rules but a kind, a TLD, nothing: ": [Filter(kind="precert"), Filter(tlds=["com"]), Filter()],
        "each with a kind, two TLDs and an issuer: ": [
            Filter(_of(domains, number), [], ["Let's Encrypt"], ["com", "de"], "precert") for number in range(CLIENTS)
        ],
        "each with an exclusion: ": [
            Filter(rules := _of(domains, number), [("tree", f"test.{rules[0][1]}")]) for number in range(CLIENTS)
        ],
        "each with a keyword: ": [
            Filter([*_of(domains, number)[1:], keyword]) for number, keyword in enumerate(rule_sets.keywords())
        ],
    }
    built = {name: Audience(filters) for name, filters in audiences.items()}
    large = [Page.join(given.pages[at : at + TOGETHER]) for at in range(0, len(given.pages) - TOGETHER + 1, TOGETHER)]
    works: dict[str, tuple[Callable[[], object], int]] = {
        name: (lambda audience=audience: _select(audience, given.pages), given.count)  # type: ignore[misc]
        for name, audience in built.items()
    }
    works[f"pages of {PAGE * TOGETHER:,}: "] = lambda: _select(built[""], large), PAGE * TOGETHER * len(large)
    walk, sightings = Matcher(()), Sightings(CAPACITY)
    works["walk"] = lambda: [walk.scan(page) for page in given.pages], given.count
    works["sightings"] = lambda: [sightings.fresh_among(page, [(0, None)]) for page in given.pages], given.count
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (work, count) in works.items():
            spent[name].append(fastest(work, count))
    base, seen = min(spent.pop("walk")), spent.pop("sightings")
    reached = _select(built[""], given.pages) / given.count
    figures = [
        *(
            Figure(
                f"{name}+x on the names alone", "us/entry", [one - base for one in values], 3.0 if not name else None
            )
            for name, values in spent.items()
        ),
        Figure("clients that an entry reaches", "x", [reached]),
        Figure("building it", "ms", [_build(plain) for _ in range(rounds)], 100),
        Figure("its memory", "kB", [built[""].nbytes / 1000]),
        Figure("which certificates were seen before", "us/entry", seen),
    ]
    yield Row(f"{CLIENTS:,} clients x {RULES} rules", "core", figures)


def _domains(given: Material) -> list[str]:
    """As many as all clients have, so that an entry has one of them on average."""
    seen = Counter(
        domain
        for page in given.pages
        for entry in page
        for domain in {registrable_domain(name) for name in entry.certificate.names} - {None}
    )
    names, hits = [], 0
    for name in random.Random(1).sample(sorted(filter(None, seen)), len(seen)):
        if hits < given.count:
            names.append(name)
            hits += seen[name]
    names += [value for _, value in rule_sets.domains(CLIENTS * RULES - len(names))]
    random.Random(2).shuffle(names)
    return names


def _of(domains: list[str], number: int) -> list[rule_sets.Rule]:
    """One client's rules."""
    return [("tree", name) for name in domains[RULES * number : RULES * (number + 1)]]


def _select(audience: Audience, pages: list[Page]) -> int:
    """How many entries were given to a client, counted for each."""
    return sum(len(positions) // 2 for page in pages for _, positions in audience.select(page))


def _build(filters: list[Filter]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    Audience(filters)
    return (time.perf_counter() - begun) * 1000
