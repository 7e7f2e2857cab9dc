"""What a module found in a certificate is kept for when that comes again."""

from __future__ import annotations

from certhia.modules.batch import Entries
from certhia.modules.cache import Cache
from certhia.modules.finding import Finding, Result
from certhia.testing import CA, SimClock, entries_of


def ask(cache: Cache, batch: Entries, *, severity: str = "info") -> tuple[list[int], list[Result]]:
    """What is asked of a batch, whose every certificate gives one finding, and what comes of all."""
    left, keys, found = cache.known(batch)
    results = [
        Finding("seen", batch.page[position].certificate.names[0], position=position) for position in left.positions
    ]
    cache.learn(keys, results)
    return [*left.positions], [*found, *results]


def test_a_precertificate_and_its_certificate_are_asked_about_once(certhia_clock: SimClock) -> None:
    cache = Cache(60.0, certhia_clock)
    one, other = CA(clock=certhia_clock).pair(["a.example"])
    assert ask(cache, entries_of(one, "b.example"))[0] == [0, 1]
    asked, found = ask(cache, entries_of("c.example", "c.example", other))
    assert asked == [0, 1]
    assert Finding("seen", "a.example", position=2) in found
    assert (cache.hits, cache.misses, len(cache)) == (1, 4, 4)


def test_nothing_is_kept_for_longer_than_it_holds(certhia_clock: SimClock) -> None:
    cache, batch = Cache(60.0, certhia_clock), entries_of("a.example")
    ask(cache, batch)
    assert ask(cache, batch)[0] == []
    assert ask(cache.empty(), batch)[0] == [0]
    certhia_clock.advance(61)
    assert ask(cache, batch)[0] == [0]


def test_the_least_recently_used_goes_first(certhia_clock: SimClock) -> None:
    cache = Cache(60.0, certhia_clock, capacity=2)
    a, b, c = entries_of("a.example"), entries_of("b.example", first=1), entries_of("c.example", first=2)
    ask(cache, a)
    ask(cache, b)
    ask(cache, a)
    ask(cache, c)
    assert len(cache) == 2
    assert ask(cache, a)[0] == []
    assert ask(cache, b)[0] == [0]


def test_few_of_a_page_are_asked_one_by_one(certhia_clock: SimClock) -> None:
    cache = Cache(60.0, certhia_clock)
    page = entries_of(*(f"{number}.example" for number in range(20)))
    some = Entries(page.log, page.shared, [3])
    assert ask(cache, some)[0] == [3]
    assert ask(cache, page)[0] == [number for number in range(20) if number != 3]
