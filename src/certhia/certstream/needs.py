"""Which rules need more than a message without its certificate holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from certhia._core import Matcher
from certhia.certstream.messages import DOMAINS, LITE
from certhia.stream.filters import BEYOND_NAMES

SHOWN: Final = 3  # rules that are named as examples

LACKING: Final[Mapping[str, frozenset[str]]] = {
    LITE: frozenset({"key", "certificate"}),
    DOMAINS: BEYOND_NAMES,
}
"""Kinds of rules that can't be checked on messages of a kind. A "certificate" rule with the fingerprint of a final
certificate can on lite messages that bring the SHA-256."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Of one set of rules.

    Attributes:
        beyond: by kind of message, how many rules can't be checked on it, and some of these as written.
        fingerprints: numbers of "certificate" rules, by their hash in hex.
    """

    beyond: Mapping[str, tuple[int, tuple[str, ...]]]
    fingerprints: Mapping[str, int] = field(default_factory=dict)

    def told(self, kind: str, where: str, total: int) -> str | None:
        """What to say of messages of this kind; None where all rules can be checked on them."""
        count, examples = self.beyond.get(kind, (0, ()))
        if not count:
            return None
        named = ", ".join(examples) + (", …" if count > len(examples) else "")
        what = "names alone" if kind == DOMAINS else "no certificates, only fields of them"
        return (
            f"{where} sends {what}: {count} of {total} rules need more and are not checked on these "
            f"messages ({named}); read its full stream for them"
        )


def needs_of(matcher: Matcher) -> Needs:
    """Looks through all rules; takes a while with a million of them."""
    counts: dict[str, int] = dict.fromkeys(LACKING, 0)
    examples: dict[str, list[str]] = {kind: [] for kind in LACKING}
    fingerprints: dict[str, int] = {}
    for number in range(len(matcher)):
        kind, value, text = matcher.rule(number)
        if kind not in LACKING[DOMAINS]:
            continue
        if kind == "certificate":
            fingerprints.setdefault(value.lower(), number)
        for stream, lacking in LACKING.items():
            if kind in lacking:
                counts[stream] += 1
                if len(examples[stream]) < SHOWN:
                    examples[stream].append(f"{kind}:{text}"[:60])
    return Needs({kind: (counts[kind], tuple(examples[kind])) for kind in LACKING}, fingerprints)
