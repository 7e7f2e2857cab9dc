"""What types of events may be called, and which of them somebody may ask for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final

from certhia.config.nearness import near
from certhia.errors import ConfigError
from certhia.events.event import wanted
from certhia.events.types import KINDS, Body
from certhia.render import quoted

LONGEST: Final = 64  # characters of a type
LONGEST_ID: Final = 128  # of a correlation id
ALIKE: Final = 0.75  # of words that one may be meant by the other
FAMILIES: Final = frozenset(kind.partition(".")[0] for kind in KINDS)  # first words: types of these are Certhia's own

_TYPE: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_ASKED: Final = re.compile(r"[a-z0-9_.*?!\[\]-]+")


def kind_of(type_: object) -> type[Body] | None:
    """What Certhia's own events of that type say; None for a type that is none of these, and for what is no type."""
    return KINDS.get(type_) if isinstance(type_, str) else None


def is_type(value: object) -> bool:
    """Whether an event may be called so: words of a-z, 0-9, _ and -, with dots between. It becomes a name of channels
    and headers."""
    return isinstance(value, str) and len(value) <= LONGEST and _TYPE.fullmatch(value) is not None


def is_correlation(value: object) -> bool:
    """Whether it may stand as a correlation id, in headers too: printable ASCII without spaces; empty for none."""
    if not isinstance(value, str) or len(value) > LONGEST_ID:
        return False
    return not value or (value.isascii() and value.isprintable() and " " not in value)


def check_own(type_: object, correlation: object) -> None:
    """Raises ValueError unless somebody else may publish such events: of a type that is none of Certhia's own."""
    if not is_type(type_) or "." not in str(type_):
        raise ValueError(f"{quoted(str(type_))} is no type of events: write words with dots between, such as mine.seen")
    family = str(type_).partition(".")[0]
    if family in FAMILIES:
        raise ValueError(f"{quoted(str(type_))}: events that begin with {family}. are Certhia's own: take another word")
    if not is_correlation(correlation):
        raise ValueError(
            f"{quoted(str(correlation))} is no correlation id: write printable ASCII, {LONGEST_ID} at most"
        )


def asked(types: object, known: Iterable[str] = ()) -> tuple[str, ...]:
    """The types, or globs of them, that somebody wants to hear of. `known`: those that there are besides Certhia's own.
    Raises ConfigError for what is none, or none of Certhia's own where it begins like them."""
    there = (*KINDS, *known)
    if isinstance(types, bytes) or not isinstance(types, str | Iterable):
        raise ConfigError(f"{quoted(str(types))} names no types of events: write names or globs, such as scan.*")
    wished: tuple[object, ...] = (types,) if isinstance(types, str) else tuple(types)
    if not wished:
        raise ConfigError('no types of events are named: write names or globs, such as scan.*; "*" for all')
    names: list[str] = []
    for one in wished:
        if not isinstance(one, str) or not _ASKED.fullmatch(one):
            raise ConfigError(f"{quoted(str(one))} is no type of events, and no glob of them such as scan.*")
        if one in FAMILIES:
            raise ConfigError(f"{quoted(one)} is no type of events; write {one}.* for all that begin so")
        names.append(one)
        if one.partition(".")[0] in FAMILIES and not any(wanted(kind, (one,)) for kind in there):
            raise ConfigError(f"{quoted(one)} is no type of events{near(one, KINDS)}")
    return tuple(names)


def check_known(types: Iterable[str], known: Iterable[str]) -> None:
    """Raises ConfigError for what is none of Certhia's types, nor of those that there are besides (`known`)."""
    there = (*KINDS, *known)
    for one in types:
        if not any(wanted(kind, (one,)) for kind in there):
            family, _, rest = one.partition(".")
            alike = difflib.get_close_matches(family, {kind.partition(".")[0] for kind in there}, 1, ALIKE)
            meant = f"; did you mean {alike[0]}.{rest}?" if alike and alike[0] != family else near(one, there)
            raise ConfigError(f"{quoted(one)} is no type of events, and none that is kept is like it{meant}")
