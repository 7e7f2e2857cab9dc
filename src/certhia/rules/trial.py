"""Rules tried on a certificate or on names: what matches, and what would but for an exclusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from certhia._core import Certificate, Matcher
from certhia.model import RuleHit
from certhia.rules.exclusions import Exclusion
from certhia.rules.language import Rule
from certhia.rules.suffixes import in_use
from certhia.rules.watchlist import Watchlist

if TYPE_CHECKING:
    from certhia.model import Hit

WHOLE: Final = frozenset(("issuer", "organization", "key", "certificate"))  # kinds that are about no name


@dataclass(frozen=True, slots=True)
class Excluded:
    """A match that is left out, and the exclusions that do it."""

    hit: RuleHit
    by: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `hits` as they would be told."""

    hits: tuple[RuleHit, ...]
    excluded: tuple[Excluded, ...]


class Trial:
    """A watchlist beside itself without its exclusions: slower and twice as large, but it can say what was left out."""

    def __init__(self, texts: Sequence[str] = (), files: Sequence[Path | str] = ()) -> None:
        """As `Watchlist.load`. Raises ConfigError."""
        self.suffixes = in_use()
        self.watchlist = Watchlist(*texts, files=files, suffixes=self.suffixes)
        self._exclusions = self.watchlist.exclusions
        self._whole = self.watchlist
        self._excluding = Matcher(())
        if self._exclusions:
            self._whole = Watchlist(*texts, files=files, suffixes=self.suffixes, excluding=False)
            self._excluding = Matcher([(one.rule.kind, one.rule.value) for one in self._exclusions])

    def certificate(self, certificate: Certificate) -> Tried:
        """Tries them on a certificate."""
        return self._tried(lambda matcher: matcher.certificate(certificate))

    def names(self, names: Sequence[str]) -> Tried:
        """Tries them on DNS names and addresses, as a certificate would have them."""
        return self._tried(lambda matcher: matcher.match(names))

    def _tried(self, find: Callable[[Matcher], list[Hit]]) -> Tried:
        kept = find(self.watchlist.matcher)
        if not self._exclusions:
            return Tried(self.watchlist.hits(kept), ())
        told = {hit[:4] for hit in kept}
        taking = find(self._excluding)
        excluded = {
            Excluded(hit, self._by(found, taking)): None
            for found in find(self._whole.matcher)
            if found[:4] not in told
            for hit in self._whole.hits([found])
        }
        return Tried(self.watchlist.hits(kept), tuple(excluded))

    def _by(self, found: Hit, taking: Sequence[Hit]) -> tuple[Rule, ...]:
        """The exclusions that take a hit away: those of its scope that match the same name for certain, or the whole
        certificate."""
        rule, source = self._whole.rules[found[0]], self._whole.source(found[0])
        by: dict[Exclusion, None] = {}
        for number, name, _, why, *_ in taking:
            exclusion = self._exclusions[number]
            about = exclusion.rule.kind in WHOLE or (name == found[1] and _surely(name, why))
            if about and exclusion.concerns(rule, source):
                by[exclusion] = None
        return tuple(exclusion.rule for exclusion in by)


def _surely(name: str, why: str) -> bool:
    """Whether an exclusion that matches a name so matches all that the name can stand for."""
    return why in ("below", "keyword") if name.startswith("*.") else why not in ("wildcard", "possible")
