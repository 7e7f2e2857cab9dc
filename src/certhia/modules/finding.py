"""What a module gives back: findings, names, notes and drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None
Severity = Literal["info", "low", "medium", "high"]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth telling. Detectors give these.

    Attributes:
        kind: what sort of finding, a word of the module's own: "new-domain".
        text: one line for people. May hold text of certificates: it is made harmless where it is shown.
        severity: "info", "low", "medium" or "high".
        position: what it is about: the position of an entry in its page, the number of a match in its batch; None for
            nothing in particular.
        names: the names that it is about.
        data: whatever there is to say besides, as JSON.
    """

    kind: str
    text: str
    severity: Severity = "info"
    position: int | None = None
    names: tuple[str, ...] = ()
    data: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Name:
    """A name from some other place than a certificate's names. Extractors give these: they are run through the watch
    rules, and one that matches becomes a finding of kind "name".

    Attributes:
        name: the name, as found.
        source: where it was found, a word of the module's own.
        confidence: 0 to 1.
        position: as of `Finding`.
    """

    name: str
    source: str
    confidence: float = 1.0
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a match besides; goes into it under `modules.NAME`. Enrichers give these, inline alone."""

    position: int
    data: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Drop:
    """A match that nobody need be told of: it is stored all the same. Filters give these, inline alone."""

    position: int
    why: str


Result: TypeAlias = Finding | Name | Note | Drop
