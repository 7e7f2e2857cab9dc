"""How grave a match is, for those who route by it: told from what is known of it, the same for everybody."""

from __future__ import annotations

from typing import Final

from certhia.config.sinks.section import Severity
from certhia.model import Match, MatchKind

ALIKE: Final = 80  # score from which a look-alike is as grave as the name itself
_EXACTLY: Final = frozenset(("exact", "apex", "below", "wildcard", "cidr", "key", "certificate"))


def severity(match: Match) -> Severity:
    """`info`: one's own. `low`: only possible, or a renewal of what is known. `high`: a watched name, address, key or
    certificate, or what looks very much like one. `medium`: all others (keywords, expressions, issuers)."""
    if match.kind is MatchKind.EXPECTED:
        return "info"
    if match.kind is MatchKind.POSSIBLE or match.renewal:
        return "low"
    grave = any(hit.why in _EXACTLY or hit.score >= ALIKE for hit in match.hits)
    return "high" if grave else "medium"
