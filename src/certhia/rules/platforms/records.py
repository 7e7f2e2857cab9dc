"""What platforms say, before anything is made of it: programmes, and what is in their scope and what is not."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from certhia.errors import Throttled

MAX_NAME: Final = 200  # characters of a programme's name or handle
MAX_ASSETS: Final = 20_000  # of one programme
MAX_TEXT: Final = 4096  # characters of an asset
KINDS: Final = ("exact", "tree", "below", "cidr")  # of `certhia._core.Rules`; platforms give no others

_SPACE: Final = re.compile(r"\s+")


class Asset(NamedTuple):
    """One line of a scope, as a platform has it. `kind`: what the platform calls such a thing, in lower case."""

    kind: str
    text: str
    in_scope: bool


class Listed(NamedTuple):
    """A programme of a platform's list. `key`: by which its scope is asked for."""

    handle: str
    name: str
    key: str = ""


class Ruled(NamedTuple):
    """What one asset comes to: a rule's kind and value, as `certhia._core.Rules` takes them."""

    kind: str
    value: str

    @property
    def text(self) -> str:
        """The rule as people write it."""
        return {"exact": "=", "below": "*."}.get(self.kind, "") + self.value


@dataclass(frozen=True, slots=True)
class Scope:
    """A programme with what is watched for it, and what is left out. `platform`: another one than where it was found,
    where the document says so."""

    handle: str
    name: str
    rules: tuple[Ruled, ...] = ()
    out: tuple[Ruled, ...] = ()
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a platform had to say.

    Attributes:
        scopes: of programmes, by handle.
        failed: why the scope of a programme could not be had, by handle.
        notes: what of it could not be used, for people.
        left_out: how many programmes there are beyond the most that are taken.
        unasked: handles of programmes that were not asked for any more, as the platform asked to wait.
        wait: that it did so, and for how long.
    """

    scopes: Mapping[str, Scope]
    failed: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    left_out: int = 0
    unasked: Collection[str] = ()
    wait: Throttled | None = None


def named(value: object, instead: str = "") -> str:
    """A name of a programme: one line, no more than anybody reads; `instead` where there is none."""
    text = _SPACE.sub(" ", value).strip() if isinstance(value, str) else ""
    shown = "".join(one for one in text[: 4 * MAX_NAME] if one.isprintable())[:MAX_NAME].strip()
    return shown or instead
