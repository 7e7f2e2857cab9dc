"""How many entries a log gives at once, and where its pages begin: learned from its answers, never assumed.

Three kinds of front ends are met. Most cap an answer at some number of entries, and many of those also end it at a
multiple of that number (CTFE's align_getentries). Some vary: by bytes, or by mood.
"""

from __future__ import annotations

from collections import deque

MEMORY = 12  # short answers that are remembered
PROOF = 2  # equal short answers make a page size, or twice as many that end at its multiples
DOUBT = 3  # answers that don't fit before it is given up
LOOK = 64  # pages after which a longer answer is asked for once, at no cost
SMALLEST = 32  # entries: fewer aren't asked for because of failures
RUN = 8  # times the longest ask: the range to read in one go where answers vary


class PageSize:
    """What is known about one log's get-entries."""

    def __init__(self, ask: int = 1024) -> None:
        """`ask`: the most that is ever asked for at once."""
        self._most = ask
        self.ask = ask  # to be asked for at once: less while longer answers fail
        self.page: int | None = None  # entries of a full answer, once learned
        self.varies = False
        self._short: deque[tuple[int, int]] = deque(maxlen=MEMORY)  # (start, count) of answers cut short
        self._misses = 0
        self._failures = 0
        self._full = 0

    def plan(self, start: int, end: int) -> int:
        """Where the request that begins at `start` should end, at most `end`."""
        if self.varies:
            return min(end, start + RUN * self.ask)
        page = self.page
        if page is None or page > self.ask:
            return min(end, start - start % self.ask + self.ask)
        if (start // page) % LOOK == 0 and page * 2 <= self.ask:
            return min(end, start - start % page + self.ask)  # perhaps it gives more by now
        return min(end, start - start % page + page)

    def answered(self, start: int, asked: int, count: int) -> None:
        """`count` entries came where `asked` were asked for."""
        self._failures = 0
        if self.page is not None and count > self.page:
            self._forget()
        if count >= asked:
            self._grow(asked)
            if self.page is not None and count == self.page:
                self._misses = 0
            return
        if self.page is not None and count == min(asked, self.page - start % self.page):
            self._misses = 0
            return
        self._short.append((start, count))
        if self.page is not None and count < self.page:
            self._misses += 1
            if self._misses < DOUBT:
                return
        self._conclude()

    def failed(self, asked: int) -> None:
        """A request of `asked` entries failed or its answer was too long: twice in a row, and less is asked for."""
        self._failures += 1
        if self._failures >= 2 and asked > SMALLEST:
            self.shrink(asked)

    def shrink(self, asked: int) -> None:
        """An answer of `asked` entries is too much: ask for half."""
        self.ask = max(1, min(self.ask, asked) // 2)
        self._full = self._failures = 0

    def _grow(self, asked: int) -> None:
        if asked >= self.ask < self._most:
            self._full += 1
            if self._full >= 8:
                self.ask, self._full = min(self.ask * 2, self._most), 0

    def _conclude(self) -> None:
        """The longest short answer is the page size when others are as long, or many end at its multiples."""
        longest = max(count for _, count in self._short)
        equal = sum(1 for _, count in self._short if count == longest)
        fits = sum(1 for start, count in self._short if count == longest or (start + count) % longest == 0)
        strange = len(self._short) - fits
        if (equal >= PROOF or fits >= 2 * PROOF) and strange * 2 <= fits:
            self.page, self.varies = longest, False
            self._misses = 0
        elif strange >= DOUBT:
            self.page, self.varies = None, True

    def _forget(self) -> None:
        self.page, self.varies, self._misses = None, False, 0
        self._short.clear()
