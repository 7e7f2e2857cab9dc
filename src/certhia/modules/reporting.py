"""From what modules gave to what people hear of: events `finding.reported`, and a line for each while they are few."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from typing import Protocol as Protocol_

from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.model import Tell, Watched
from certhia.modules.batch import Entries, Handed
from certhia.modules.finding import Finding, Name, Result
from certhia.modules.seat import Seat

REPORTED: Final = "finding.reported"
LINES: Final = 20  # that are told in a minute
MINUTE: Final = 60.0


class Publish(Protocol_):
    """Has an event known. `correlation`: the id of the match or certificate that it is about."""

    def __call__(self, type: str, data: Mapping[str, Any], *, correlation: str = "") -> None: ...  # noqa: A002


class Reporting:
    """Reports what all modules of a run find."""

    def __init__(self, publish: Publish, watched: Callable[[], Watched], clock: Clock, tell: Tell) -> None:
        self._publish = publish
        self._watched = watched
        self._clock = clock
        self._tell = tell
        self._since = -MINUTE
        self._lines = 0
        self._more = 0

    def report(self, seat: Seat, results: Sequence[Result], batch: Handed | None = None) -> None:
        """`batch`: what they are about, None for what was held back."""
        for result in results:
            found = self._named(result) if isinstance(result, Name) else result
            if isinstance(found, Finding):
                self._report(seat, found, batch)

    def _report(self, seat: Seat, found: Finding, batch: Handed | None) -> None:
        data: dict[str, Any] = {
            "module": seat.name,
            "kind": found.kind,
            "severity": found.severity,
            "text": found.text,
            "names": found.names,
            "log": None,
            "index": None,
            "match": None,
            "data": found.data or None,
        }
        about, correlation = _about(batch, found.position)
        self._publish(REPORTED, data | about, correlation=correlation)
        self._say(f"{seat.name}: {found.text}")

    def _named(self, name: Name) -> Finding | None:
        """A finding where somebody watches for that name."""
        rules = self._watched()
        try:
            hits = rules.hits(rules.matcher.match([name.name]))
        except Malformed:
            return None
        if not hits:
            return None
        return Finding(
            "name",
            f"{name.name} was found in {name.source}",
            position=name.position,
            names=(name.name,),
            data={"source": name.source, "confidence": name.confidence, "rules": [hit.rule for hit in hits]},
        )

    def _say(self, text: str) -> None:
        """A line for people, at most so many a minute."""
        now = self._clock.monotonic()
        if now - self._since >= MINUTE:
            if self._more:
                self._tell(f"{self._more:,} further findings of modules: `certhia events --type {REPORTED}` has them")
            self._since, self._lines, self._more = now, 0, 0
        self._lines += 1
        if self._lines <= LINES:
            self._tell(text)
        else:
            self._more += 1


def _about(batch: Handed | None, position: int | None) -> tuple[dict[str, Any], str]:
    """What an event says of the entry or match that it is about, and the id that follows that everywhere."""
    if batch is None or position is None:
        return ({"log": batch.log.url} if isinstance(batch, Entries) else {}), ""
    if isinstance(batch, Entries):
        if position >= len(batch.page):
            return {"log": batch.log.url}, ""
        entry = batch.page[position]
        try:
            key = entry.certificate.tbs_sha256.hex()
        except Malformed:
            key = ""
        return {"log": batch.log.url, "index": entry.index}, key
    if position >= len(batch):
        return {}, ""
    match = batch.matches[position]
    key = match.key.hex()
    return {"log": match.log.url, "index": match.sighting.index, "match": key}, key
