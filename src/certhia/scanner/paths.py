"""Ways from a certificate to a root: searched in depth, the likeliest first, within bounds that no server can stretch.

No authority comes twice in a path, under whatever certificate (RFC 4158 section 2.4.2), so cycles end by themselves;
and what a mesh of cross-signed authorities would make of that is ended by counting steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from certhia.scanner.trust import Issuer

MAX_DEPTH: Final = 16  # certificates of a path, leaf and root included
MAX_STEPS: Final = 256  # candidates looked at in one search
MAX_PATHS: Final = 8  # complete ones gone into
MAX_CANDIDATES: Final = 32  # issuers of one name that are tried

Path = tuple[Issuer, ...]
Candidates = Callable[[Issuer], Sequence[Issuer]]
Holds = Callable[[Issuer, Issuer], bool]


class Search:
    """One search. `partial` is the longest path that led nowhere; `bad` says that a signature on the way did not hold;
    `exhausted` that a bound ended it."""

    def __init__(self, candidates: Candidates, is_root: Callable[[Issuer], bool], holds: Holds) -> None:
        """`candidates`: those that bear the issuer's name, in any order. `holds`: whether the first has signed the
        second; asked only once a candidate may stand in the path."""
        self.partial: Path = ()
        self.bad: Issuer | None = None
        self.exhausted = False
        self._candidates = candidates
        self._is_root = is_root
        self._holds = holds
        self._steps = 0

    def paths(self, start: Issuer, now: float) -> Iterator[Path]:
        """Complete paths that begin with `start`, at most MAX_PATHS."""
        for count, path in enumerate(self._from((start,), now), 1):
            yield path
            if count == MAX_PATHS:
                self.exhausted = True
                return

    def _from(self, path: Path, now: float) -> Iterator[Path]:
        last = path[-1]
        if self._is_root(last):
            yield path
            return
        if len(path) > len(self.partial):
            self.partial = path
        if len(path) == MAX_DEPTH:
            self.exhausted = True
            return
        identities = {one.identity for one in path}
        for candidate in self._ranked(last, now):
            if candidate.identity in identities:
                continue
            self._steps += 1
            if self._steps > MAX_STEPS:
                self.exhausted = True
                return
            if not self._holds(candidate, last):
                self.bad = self.bad or last
                continue
            yield from self._from((*path, candidate), now)

    def _ranked(self, child: Issuer, now: float) -> list[Issuer]:
        """Those whose key identifier is the wanted one first, then those valid now, then roots (RFC 4158, 3.5)."""
        candidates = self._candidates(child)
        if len(candidates) < 2:
            return list(candidates)
        wanted = child.authority_key

        def rank(one: Issuer) -> tuple[bool, bool, bool]:
            other = wanted is not None and one.subject_key is not None and one.subject_key != wanted
            return other, not one.valid(now), not self._is_root(one)

        return sorted(candidates, key=rank)[:MAX_CANDIDATES]
