"""Where a message goes, told from what it is about: `certhia.{event}.{programme}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from certhia.model import Delivery
from certhia.sinks.severity import severity

LONGEST: Final = 60  # characters of a word that a stranger may have written
_WORD: Final = re.compile(r"[^a-z0-9_-]+", re.ASCII)


def of_match(template: str, delivery: Delivery) -> str:
    """The template with a match's words in it: `{event}`, `{programme}`, `{platform}`, `{kind}`, `{severity}`."""
    match = delivery.match
    first = match.hits[0] if match.hits else None
    words = {
        "event": "match",
        "programme": first.programme if first else "",
        "platform": first.platform if first else "",
        "kind": match.kind.value,
        "severity": severity(match),
    }
    return _filled(template, words)


def of_record(template: str, record: Mapping[str, object]) -> str:
    """As `of_match`, of a record that is no match."""
    return _filled(template, {"event": str(record.get("type", "note"))})


def _filled(template: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda found: _word(words.get(found[1], "")), template)


def _word(text: str) -> str:
    """One word of a topic: letters, digits, hyphens and underscores, so that it has no dot and no wildcard in it."""
    return _WORD.sub("-", text.lower())[:LONGEST].strip("-") or "none"
