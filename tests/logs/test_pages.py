"""Page sizes are learned from answers of any shape, with hardly a request wasted."""

import random
from collections.abc import Callable

import pytest

from certhia.logs.pages import PageSize

Server = Callable[[int, int], int]  # start and how many are asked for: how many come


def capped(most: int, *, align: bool = True) -> Server:
    """CTFE (trillian/ctfe/handlers.go, parseGetEntriesRange)."""

    def answer(start: int, asked: int) -> int:
        if asked < most:
            return asked
        end = start + most
        return end - end % most - start if align else most

    return answer


def moody(seed: int, most: int) -> Server:
    chance = random.Random(seed)
    return lambda _, asked: chance.randint(1, max(min(asked, most) - 1, 1))


def requests(server: Server, start: int, end: int, pages: PageSize, parallel: int = 1) -> list[tuple[int, int, int]]:
    """Reads [start, end) as a window does: ranges side by side, what is missing of one is asked for first."""
    made: list[tuple[int, int, int]] = []
    holes: list[tuple[int, int]] = []
    asked = start
    while holes or asked < end:
        flying: list[tuple[int, int]] = []
        while len(flying) < parallel and (holes or asked < end):
            if holes:
                holes.sort()
                low, high = holes.pop(0)
                to = min(high, pages.plan(low, high))
                if to < high:
                    holes.append((to, high))
            else:
                low, to = asked, pages.plan(asked, end)
                asked = to
            assert low < to <= end
            flying.append((low, to))
        for low, to in flying:
            last = min(low + pages.ask, end if pages.varies else to)
            count = server(low, last - low)
            pages.answered(low, last - low, count)
            made.append((low, last - low, count))
            if low + count < to:
                holes.append((low + count, to))
    assert covered(made, start, end)
    return made


def covered(made: list[tuple[int, int, int]], start: int, end: int) -> bool:
    at = start
    for low, _, count in sorted(made):
        if low > at:
            return False
        at = max(at, low + count)
    return at >= end


@pytest.mark.parametrize("start", [0, 5, 1_500_100])
@pytest.mark.parametrize("parallel", [1, 8])
@pytest.mark.parametrize("align", [True, False])
@pytest.mark.parametrize("most", [28, 32, 100, 256, 500, 1000, 1024, 5000])
def test_converges_on_the_page_of_a_log(most: int, align: bool, parallel: int, start: int) -> None:
    pages, server = PageSize(), capped(most, align=align)
    first = 20 * min(most, 1024)
    warm = requests(server, start, start + first, pages, parallel)
    assert len(warm) <= 20 * 1.3 + parallel + 2
    count = 200 * min(most, 1024)
    cold = requests(server, start + first, start + first + count, pages, parallel)
    assert len(cold) <= 1.1 * 200 + 2


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize("most", [256, 1024, 5000])
@pytest.mark.parametrize("seed", range(5))
def test_answers_of_varying_length_are_taken_as_they_come(seed: int, most: int, parallel: int) -> None:
    pages = PageSize()
    requests(moody(seed, most), 0, 20_000, pages, parallel)
    assert pages.varies
    mean = (min(most, 1024) - 1) / 2
    made = requests(moody(seed + 100, most), 20_000, 420_000, pages, parallel)
    assert len(made) <= 1.1 * 400_000 / mean + 10


def test_finds_out_when_a_log_gives_more() -> None:
    pages = PageSize()
    requests(capped(32), 0, 10_000, pages)
    assert pages.page == 32
    requests(capped(256), 10_000, 30_000, pages, parallel=4)
    assert pages.page == 256


def test_finds_out_when_a_log_gives_less() -> None:
    pages = PageSize()
    requests(capped(256), 0, 10_000, pages)
    assert pages.page == 256
    made = requests(capped(32), 10_240, 100_000, pages, parallel=4)
    assert pages.page == 32
    assert len(made) <= 1.1 * 90_000 / 32


def test_now_and_then_a_short_answer_changes_nothing() -> None:
    pages = PageSize()
    requests(capped(256), 0, 10_000, pages)
    for start in range(10_240, 200_000, 256):
        pages.answered(start, 256, 255 if start % 2560 == 0 else 256)
    assert (pages.page, pages.varies) == (256, False)


def test_plan_is_the_same_for_the_same_question() -> None:
    pages = PageSize()
    requests(capped(32), 0, 4000, pages)
    for start in range(0, 9000, 7):
        assert pages.plan(start, 9000) == pages.plan(start, 9000)


def test_answers_that_fail_or_are_too_long_make_it_ask_for_less_and_more_again_later() -> None:
    pages = PageSize()
    pages.failed(1024)
    assert pages.ask == 1024
    pages.failed(1024)
    assert pages.ask == 512
    pages.shrink(512)
    assert pages.ask == 256
    for _ in range(10):
        pages.failed(20)
    assert pages.ask == 256  # a request for a few says nothing about its length
    start = 0
    while pages.ask < 1024:
        end = pages.plan(start, 1 << 30)
        pages.answered(start, end - start, end - start)
        start = end
    assert start < 30_000
    for _ in range(30):
        pages.shrink(pages.ask)
    assert pages.ask == 1
