"""Matches of certificates, as modules get them, and an outside for these modules."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from certhia._core import Certificate
from certhia.clock import Clock
from certhia.model import LogName, Match, RuleHit, Sighting, Watched
from certhia.modules.api import Outside
from certhia.modules.batch import Matches
from certhia.modules.finding import JSON, Finding
from certhia.rules.language import parse_rule
from certhia.rules.watchlist import Watchlist
from certhia.store import State


class Built(Protocol):
    """A module that is set up and closed in coroutines."""

    async def setup(self, config: Any, outside: Outside) -> None: ...

    async def close(self) -> None: ...


Module = TypeVar("Module", bound=Built)

LOG = LogName(bytes(32), "https://log.example/", "a log", "Operator")


def match_of(
    der: bytes, *, logged: float, index: int = 0, watched: Sequence[str] = (), organization: str | None = None
) -> Match:
    """The match of a certificate, whose names all are watched unless some are given."""
    read = Certificate.from_der(der)
    names = tuple(read.names)
    return Match(
        key=read.tbs_sha256,
        tbs_sha256=read.tbs_sha256,
        hits=tuple(RuleHit("a rule", name, "san", "below") for name in watched or names),
        sighting=Sighting(LOG.id, index, read.is_precert, int(logged * 1000)),
        log=LOG,
        verified=True,
        seen=logged + 10,
        names=names,
        not_before=read.not_before,
        not_after=read.not_after,
        serial=read.serial,
        issuer=read.issuer,
        issuer_organization=organization if organization is not None else read.issuer_attribute("2.5.4.10") or "",
        subject_organization="",
        sha256=hashlib.sha256(der).digest(),
        spki_sha256=read.spki_sha256,
    )


def batch_of(ders: Sequence[bytes], *, logged: float, issuer: bytes | None = None, kept: bool = True) -> Matches:
    """Matches of these certificates, which are kept."""
    matches = [match_of(der, logged=logged, index=index) for index, der in enumerate(ders)]
    by_key = {match.key: der for match, der in zip(matches, ders, strict=True)}
    return Matches(matches, (lambda match: by_key[match.key]) if kept else (lambda _: None), lambda _: issuer)


@dataclass
class Around:
    """What a module was given, and what it said."""

    directory: Path
    clock: Clock
    state: State | None = None
    said: list[str] = field(default_factory=list)
    published: list[tuple[str, object]] = field(default_factory=list)
    correlations: list[str] = field(default_factory=list)

    @property
    def outside(self) -> Outside:
        """For `setup`."""
        watched: Callable[[], Watched] = lambda: Watchlist(parse_rule("example.com"))  # noqa: E731
        return Outside(self.clock, self._tell, self.directory, watched, self._publish, state=self.state)

    def _tell(self, text: str, *, level: str = "info", log: str = "") -> None:
        self.said.append(text)

    def _publish(self, type: str, data: Mapping[str, JSON], *, correlation: str = "") -> None:  # noqa: A002
        self.published.append((type, data))
        self.correlations.append(correlation)


def kinds(found: Sequence[Finding]) -> list[str]:
    """What kinds of findings there are, in order."""
    return [one.kind for one in found]


@asynccontextmanager
async def at_work(module: Module, config: object, around: Around) -> AsyncIterator[Module]:
    """A module between its setup and its end."""
    await module.setup(config, around.outside)
    try:
        yield module
    finally:
        await module.close()
