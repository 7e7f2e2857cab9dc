"""A second watch list, as a module: its matches are findings with tags, beside the matches of the run's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from certhia.config.modules.watch import WatchSection
from certhia.errors import ConfigError
from certhia.modules.api import Info, Outside, Sees
from certhia.modules.batch import Entries
from certhia.modules.builtin.matching import Matched, Matching, compiled
from certhia.modules.finding import JSON, Finding
from certhia.rules.changes import changes
from certhia.rules.explain import sentence
from certhia.rules.watchlist import Watchlist

NAMES: Final = 100  # of a certificate that a finding lists
HITS: Final = 20

_Looks = tuple[tuple[int, int, int] | None, ...]


class Watch:
    """The module."""

    info = Info("watch", "1", "A watch list of its own, whose matches are findings", Sees.ENTRIES, config=WatchSection)

    @property
    def rules(self) -> Watchlist:
        """By which it is handed pages."""
        return self._matching.rules

    def setup(self, config: WatchSection, outside: Outside) -> None:
        """Raises ConfigError for rules that make no sense."""
        self._outside = outside
        self._config = config
        self._looked = _looks(config.files)
        self._look_at = outside.clock.monotonic() + config.look
        self._settling: _Looks | None = None
        self._matching = Matching(compiled("watch", config.rules, config.files), outside.clock)
        for notice in self._matching.rules.notices:
            outside.tell(notice)

    def reconfigure(self, config: WatchSection) -> None:
        """Raises ConfigError for rules that make no sense."""
        looked = _looks(config.files)
        self._matching.adopt(compiled("watch", config.rules, config.files))
        self._config, self._looked, self._settling = config, looked, None

    def process(self, batch: Entries) -> Iterator[Finding]:
        """A finding for each certificate that a rule matches."""
        if self._config.files and self._outside.clock.monotonic() >= self._look_at:
            self._look()
        for one in self._matching.of(batch):
            yield self._finding(one)

    def _finding(self, one: Matched) -> Finding:
        hits = one.hits[:HITS]
        text = (
            f"{sentence(hits[0])}, issued by {one.certificate.issuer_attribute('2.5.4.10') or one.certificate.issuer}"
        )
        text += _besides(one)
        if self._config.tags:
            text = f"[{', '.join(self._config.tags)}] {text}"
        told: list[dict[str, JSON]] = [
            {
                "rule": hit.rule,
                "name": hit.name,
                "where": hit.where,
                "why": hit.why,
                "programme": hit.programme,
                "platform": hit.platform,
                "detail": hit.detail,
                "score": hit.score,
            }
            for hit in hits
        ]
        data: dict[str, JSON] = {
            "tags": list(self._config.tags),
            "hits": told,
            "issuer": one.certificate.issuer,
            "not_before": one.certificate.not_before,
            "not_after": one.certificate.not_after,
            "tbs_sha256": one.certificate.tbs_sha256.hex(),
            "precertificate": one.entry.is_precert,
        }
        return Finding("match", text, self._config.severity, one.position, tuple(one.certificate.names[:NAMES]), data)

    def _look(self) -> None:
        """Reads files again that have changed, once they stand still; what is wrong with them leaves the rules as they
        are."""
        self._look_at = self._outside.clock.monotonic() + self._config.look
        looks = _looks(self._config.files)
        if looks == self._looked:
            return
        if looks != self._settling:
            self._settling = looks  # perhaps it is being written: it is read when it looks the same next time
            return
        self._looked, self._settling = looks, None
        before = self._matching.rules
        try:
            rules = compiled("watch", self._config.rules, self._config.files)
        except ConfigError as error:
            self._outside.tell(f"the rules stay as they are: {error}", level="error")
            return
        self._matching.adopt(rules)
        for text in changes(before, rules):
            self._outside.tell(text)


def _looks(files: Sequence[Path]) -> _Looks:
    """When each was changed, how large it is, and which file that is; None of one that is not there."""
    return tuple(map(_look_at, files))


def _look_at(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _besides(one: Matched) -> str:
    """How many more rules match, and names."""
    rules, names = len({hit.rule for hit in one.hits}) - 1, len({hit.name for hit in one.hits}) - 1
    several = [(rules, "rule"), (names, "name")]
    parts = [f"{many} more {what}{'s' if many > 1 else ''}" for many, what in several if many]
    verb = "matches" if rules + names == 1 else "match"
    return f"; {' and '.join(parts)} {verb}" if parts else ""
