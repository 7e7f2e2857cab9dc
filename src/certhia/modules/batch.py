"""What a module is handed: a page of a log's entries, matches, what servers showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from certhia._core import Batch, Certificate, Entry, Matcher, Page, Scan
from certhia.model import Hit, LogName, Match, Watched
from certhia.scanner.content.extracting import Visit


class Shared:
    """A page, and what somebody asked for of it, had once for all modules of a process: columns, what rules find."""

    __slots__ = ("_columns", "_scans", "page")

    def __init__(self, page: Page, scans: Mapping[Matcher, Scan] | None = None) -> None:
        """`scans`: what is known of it by now."""
        self.page = page
        self._columns: Batch | None = None
        self._scans = {**(scans or {})}

    @property
    def columns(self) -> Batch:
        """The page decoded; at most once."""
        if self._columns is None:
            self._columns = self.page.batch
        return self._columns

    def scan(self, matcher: Matcher) -> Scan:
        """What rules find in the page; it is gone over at most once for each."""
        found = self._scans.get(matcher)
        if found is None:
            found = self._scans[matcher] = matcher.scan(self.page)
        return found

    def has(self, matcher: Matcher) -> bool:
        """Whether `scan` need not go over the page."""
        return matcher in self._scans


@dataclass(frozen=True, slots=True)
class Entries:
    """Consecutive entries of one log, as one module sees them. Goes over (position, entry) of those that it is to see.

    Attributes:
        log: where they stand.
        shared: the page, and its columns.
        positions: those in the page that `only` chose; all of them without it. Ascending.
    """

    log: LogName
    shared: Shared
    positions: Sequence[int]

    @classmethod
    def of(cls, log: LogName, page: Page, positions: Sequence[int] | None = None) -> Entries:
        """A page for one module alone, as in tests; all of it where no `positions` are given."""
        return cls(log, Shared(page), range(len(page)) if positions is None else positions)

    @property
    def page(self) -> Page:
        """All entries of the page, also those that `only` left out."""
        return self.shared.page

    @property
    def columns(self) -> Batch:
        """The whole page in columns, one row a position: made once for all modules of the process."""
        return self.shared.columns

    def matched(self, rules: Watched) -> Iterator[tuple[int, Sequence[Hit]]]:
        """The entries of these in which rules find something: position, and what; `rules.hits` has it in words."""
        chosen = None if len(self.positions) == len(self.page) else frozenset(self.positions)
        for position, hits in self.shared.scan(rules.matcher).hits:
            if chosen is None or position in chosen:
                yield position, hits

    def __len__(self) -> int:
        """How many entries it is to see."""
        return len(self.positions)

    def __iter__(self) -> Iterator[tuple[int, Entry]]:
        page = self.shared.page
        return ((position, page[position]) for position in self.positions)


def _unknown(_match: Match) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class Matches:
    """Certificates that concern somebody, each at least once: after a crash or a failure some come again.

    Attributes:
        matches: in the order in which they were found.
        der: gives the certificate of a match as submitted, DER; None where it is not kept.
        issuer_der: likewise that of its issuer.
    """

    matches: Sequence[Match]
    der: Callable[[Match], bytes | None] = field(default=_unknown)
    issuer_der: Callable[[Match], bytes | None] = field(default=_unknown)

    def __len__(self) -> int:
        return len(self.matches)

    def __iter__(self) -> Iterator[tuple[int, Match]]:
        return enumerate(self.matches)

    def certificate(self, number: int) -> Certificate | None:
        """The certificate of a match, or its precertificate as submitted; None where it is not kept: the module has to
        need "certificates". Raises Malformed for bytes that are none."""
        found = self.der(self.matches[number])
        return Certificate.from_der(found) if found else None

    def issuer(self, number: int) -> Certificate | None:
        """Likewise the certificate of its issuer, as it was submitted."""
        found = self.issuer_der(self.matches[number])
        return Certificate.from_der(found) if found else None


@dataclass(frozen=True, slots=True)
class Visits:
    """What servers showed to a scan: each is the context of one `extract`."""

    visits: Sequence[Visit]

    def __len__(self) -> int:
        return len(self.visits)

    def __iter__(self) -> Iterator[tuple[int, Visit]]:
        return enumerate(self.visits)


Handed: TypeAlias = Entries | Matches  # for `process`
Shown: TypeAlias = Handed | Visits
