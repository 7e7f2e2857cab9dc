"""The newest certificate of each watched name, and which of them run out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from certhia.model import Match, MatchKind
from certhia.modules.builtin.validity import lifetime

MAX_NAMES: Final = 500_000  # that are known; those longest without a certificate go
OF_ONE: Final = 1_000  # names of one certificate
KEPT: Final = 30 * 86400.0  # seconds after its end that a certificate is known
SHARE: Final = 3  # nothing is told before the last third of a lifetime: short-lived certificates are renewed late
OVER: Final = 0.0  # told when the end has come

# By which rules a name is one's own: those that name domains and hosts, not those that look for parts and look-alikes.
_NAMING: Final = frozenset(("exact", "apex", "below", "wildcard"))


class Held(NamedTuple):
    """A certificate, as it is remembered.

    Attributes:
        key: id of its match.
        not_before: Unix seconds.
        not_after: Unix seconds.
        issuer: the organisation in its issuer's name, or all of that.
        log: URL of the log where it was seen first.
        entry: its index there.
        since: when we heard of it, monotonic seconds.
    """

    key: str
    not_before: int
    not_after: int
    issuer: str
    log: str
    entry: int
    since: float


class Told(NamedTuple):
    """What was told of a name: up to which moment before its certificate's end."""

    not_after: int
    before: float


class Due(NamedTuple):
    """A certificate of which is to be told that it runs out: for these names it is the newest."""

    held: Held
    before: float
    names: tuple[str, ...]


class Ledger:
    """What is known. One thread."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._names)

    def add(self, match: Match, now: float) -> None:
        """One more certificate; `now` is monotonic."""
        if match.fault or match.kind is MatchKind.POSSIBLE or not match.not_after:
            return
        issuer = match.issuer_organization or match.issuer
        held = Held(
            match.key.hex(), match.not_before, match.not_after, issuer, match.log.url, match.sighting.index, now
        )
        for name in watched(match):
            known = self._names.get(name)
            if known is None or held.not_after > known.not_after:
                self._names[name] = held
                self._names.move_to_end(name)
        while len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)

    def newest(self, name: str) -> Held | None:
        """The certificate for a name that ends last; one for all names beside it counts."""
        own, around = self._names.get(name), self._names.get(f"*.{name.partition('.')[2]}")
        if own is None or around is None:
            return own or around
        return max(own, around, key=lambda held: held.not_after)

    def due(self, now: float, settled: float, before: Sequence[float], told: Mapping[str, Told]) -> list[Due]:
        """Which run out and are to be told, the first to end first.

        `now`: Unix seconds. `settled`: of certificates that we heard of after that (monotonic) nothing is told yet.
        `before`: seconds before the end at which it is told.
        """
        groups: dict[tuple[Held, float], list[str]] = {}
        for name, held in self._names.items():
            left = held.not_after - now
            if left > before[0] or held.since > settled or self.newest(name) is not held:
                continue
            at = _step(held, left, before)
            if at is not None and _is_new(told.get(name), held, at):
                groups.setdefault((held, at), []).append(name)
        found = [Due(held, at, tuple(names)) for (held, at), names in groups.items()]
        return sorted(found, key=lambda due: due.held.not_after)

    def renewed(self, told: Mapping[str, Told]) -> Iterator[tuple[str, Held]]:
        """Names of which was told that their certificate runs out, and that have a later one now."""
        for name, one in told.items():
            newest = self.newest(name)
            if newest is not None and newest.not_after > one.not_after:
                yield name, newest

    def forget(self, now: float) -> None:
        """Those that are long over."""
        for name in [name for name, held in self._names.items() if held.not_after < now - KEPT]:
            del self._names[name]


def watched(match: Match) -> Collection[str]:
    """The names of a certificate that rules name, as they stand in it, each once."""
    found: Iterable[str] = (hit.name for hit in match.hits if hit.why in _NAMING and hit.where in ("san", "cn"))
    return list(dict.fromkeys(name.lower().rstrip(".") for name in found))[:OF_ONE]


def _step(held: Held, left: float, before: Sequence[float]) -> float | None:
    """The last of the moments that have come."""
    if left <= OVER:
        return OVER
    longest = lifetime(held.not_before, held.not_after) / SHARE
    return min((at for at in before if left <= at <= longest), default=None)


def _is_new(told: Told | None, held: Held, at: float) -> bool:
    """Whether that was not told yet. That it is over is told of those alone of which it was told that they run out:
    when the program first hears of a name, it may be gone for years."""
    if told is None or told.not_after < held.not_after:
        return at > OVER
    return told.before > at
