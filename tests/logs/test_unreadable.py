from __future__ import annotations

from certhia.logs.unreadable import GOOD, KEPT, PATIENCE, TRIES, Unreadable
from certhia.testing import SimClock


def test_given_up_after_several_tries_and_a_quarter_of_an_hour(certhia_clock: SimClock) -> None:
    unreadable = Unreadable(certhia_clock)
    for _ in range(TRIES + 5):
        unreadable.failed(3)
    assert not unreadable.is_given_up(3)
    certhia_clock.advance(PATIENCE)
    assert unreadable.is_given_up(3)
    assert not unreadable.is_given_up(4)
    assert unreadable.alarm == "", "it may be well again"
    unreadable.went_without(3, "too large")
    assert "in those from 768 on (too large)" in unreadable.alarm


def test_time_alone_is_not_enough(certhia_clock: SimClock) -> None:
    unreadable = Unreadable(certhia_clock)
    unreadable.failed(3)
    certhia_clock.advance(10 * PATIENCE)
    assert not unreadable.is_given_up(3)


def test_the_second_takes_half_as_long_and_is_told_too(certhia_clock: SimClock) -> None:
    unreadable, told = Unreadable(certhia_clock), list[str]()
    for tile, seconds in ((1, PATIENCE), (2, PATIENCE / 2), (3, PATIENCE / 4)):
        for _ in range(TRIES):
            unreadable.failed(tile)
        certhia_clock.advance(seconds - 1)
        assert not unreadable.is_given_up(tile)
        certhia_clock.advance(1)
        assert unreadable.is_given_up(tile)
        unreadable.went_without(tile, f"tile {tile}")
        told.append(unreadable.alarm)
    assert "(tile 1): " in told[0]
    assert "(tile 2); 2 tiles by now: " in told[1]
    assert told[2] == told[1], "the fourth and the eighth are told again: a log can't make us talk without end"
    assert unreadable.is_given_up(1), "also when more of it is there"


def test_patience_comes_back_with_tiles_that_are_good(certhia_clock: SimClock) -> None:
    """A log that was ill a year ago is given as long as any other."""
    unreadable = Unreadable(certhia_clock)

    def patience(tile: int) -> float:
        for _ in range(TRIES):
            unreadable.failed(tile)
        waited = 0.0
        while not unreadable.is_given_up(tile):
            certhia_clock.advance(PATIENCE / 16)
            waited += PATIENCE / 16
        return waited

    assert [patience(tile) for tile in range(4)] == [PATIENCE, PATIENCE / 2, PATIENCE / 4, PATIENCE / 8]
    for tile in range(100, 100 + 3 * GOOD):
        unreadable.read(tile)
    assert patience(10) == PATIENCE / 2
    for tile in range(100, 100 + 99 * GOOD):
        unreadable.read(tile)
    assert patience(11) == PATIENCE


def test_a_tile_that_was_ill_for_a_time(certhia_clock: SimClock) -> None:
    unreadable = Unreadable(certhia_clock)
    for _ in range(TRIES):
        unreadable.failed(3)
    unreadable.read(3)
    certhia_clock.advance(PATIENCE)
    unreadable.failed(3)
    assert not unreadable.is_given_up(3)


def test_memory_is_bounded(certhia_clock: SimClock) -> None:
    unreadable = Unreadable(certhia_clock)
    for tile in range(10 * KEPT):
        unreadable.failed(tile)
    assert len(unreadable._tiles) == KEPT
