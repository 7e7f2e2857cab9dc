"""Which matches a sink is told of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from certhia.config.sinks import SinkSection
from certhia.events.event import Event, wanted
from certhia.events.types import MatchFound
from certhia.model import Match
from certhia.sinks.severity import severity


@dataclass(frozen=True, slots=True)
class Route:
    """What one sink wants. Of rule kinds and programmes, one hit that has both is enough; what is empty asks for
    nothing."""

    events: frozenset[str]
    programmes: tuple[str, ...]
    rules: frozenset[str]
    kinds: frozenset[str]
    severities: frozenset[str]

    @classmethod
    def of(cls, settings: SinkSection, kinds: Collection[str]) -> Route:
        """By a sink's settings. `kinds`: those of matches that are told where it does not say."""
        return cls(
            events=frozenset(settings.events),
            programmes=tuple(one.lower() for one in settings.programmes),
            rules=frozenset(settings.rules),
            kinds=frozenset(settings.kinds or kinds),
            severities=frozenset(settings.severities),
        )

    def wants(self, match: Match) -> bool:
        """Whether it is told of this match."""
        return "match" in self.events and self.concerns(match)

    def concerns(self, match: Match) -> bool:
        """Whether it is told of what comes of this match, where it wants such."""
        if match.kind not in self.kinds:
            return False
        if self.severities and severity(match) not in self.severities:
            return False
        if not self.rules and not self.programmes:
            return True
        return any(self._fits(hit.why, hit.programme.lower()) for hit in match.hits)

    def hears(self, event: Event) -> bool:
        """Whether it is told of this event. What an event has nothing to say of leaves nothing out; `critical` counts
        as `high`. Words without dots are records of ours: no event is one of them."""
        if "." not in event.type or not wanted(event.type, self.events):
            return False
        grave, programmes, kind = (event.data.get(name) for name in ("severity", "programmes", "kind"))
        grave = "high" if grave == "critical" else grave
        if self.severities and grave is not None and grave not in self.severities:
            return False
        if event.type == MatchFound.type and kind not in self.kinds:
            return False
        if self.programmes and isinstance(programmes, Sequence):
            return any(fnmatchcase(str(one).lower(), glob) for one in programmes for glob in self.programmes)
        return True

    def _fits(self, why: str, programme: str) -> bool:
        named = not self.programmes or any(fnmatchcase(programme, glob) for glob in self.programmes)
        return named and (not self.rules or why in self.rules)
