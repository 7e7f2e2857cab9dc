"""Watch rules of a module's own, held against pages: each certificate is told once, however many logs have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from certhia._core import Certificate, Entry
from certhia.clock import Clock
from certhia.dedupe import Seen
from certhia.errors import ConfigError, Malformed
from certhia.model import RuleHit
from certhia.modules.batch import Entries
from certhia.rules.watchlist import Watchlist

REMEMBERED: Final = 50_000  # certificates
FOR: Final = 7 * 86400.0  # seconds: a certificate follows its precertificate within days


class Matched(NamedTuple):
    """A certificate that rules matched.

    Attributes:
        position: of its entry in the page.
        entry: that.
        certificate: what the log holds of it.
        hits: the rules, and why.
    """

    position: int
    entry: Entry
    certificate: Certificate
    hits: tuple[RuleHit, ...]


class Matching:
    """Rules, and which certificates they matched lately."""

    def __init__(self, rules: Watchlist, clock: Clock) -> None:
        self.rules = rules
        self._seen = Seen(REMEMBERED, FOR, clock)

    def adopt(self, rules: Watchlist) -> None:
        """By these from now on."""
        self.rules = rules

    def of(self, batch: Entries) -> Iterator[Matched]:
        """The certificates of a page that rules match, each once."""
        if not len(batch):
            return
        for position, found in batch.matched(self.rules):
            entry = batch.page[position]
            try:
                certificate = entry.certificate
            except Malformed:
                continue
            if self._seen.add(certificate.tbs_sha256):
                yield Matched(position, entry, certificate, self.rules.hits(found))


def compiled(name: str, rules: Sequence[str], files: Sequence[Path] = ()) -> Watchlist:
    """Rules of a module. Raises ConfigError, also for a rule on every certificate."""
    try:
        watchlist = Watchlist(*rules, files=files)
    except ConfigError as error:
        raise ConfigError(f"modules.{name}: {error}") from error
    if watchlist.everything:
        raise ConfigError(
            f"modules.{name}: the rule . matches every certificate, and each would be a finding; narrow it"
        )
    return watchlist
