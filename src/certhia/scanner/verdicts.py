"""What holds against what a server showed, each with how bad it is and the evidence.

A verdict says what is so at the time of looking, and names what it goes by: dates, names, algorithms. Text from
certificates in it is inert.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.clock import iso
from certhia.scanner.chains import Chains, Standing
from certhia.scanner.hostnames import match, reference
from certhia.scanner.records import Chain, Severity, Verdict
from certhia.scanner.signatures import Signatures
from certhia.scanner.trust import Roots, Seen, shown
from certhia.scanner.weak import weak_key, weak_signature

DAY: Final = 86400
NAMES_SHOWN: Final = 5
KINDS: Final = (
    "expired",
    "not-yet-valid",
    "self-signed",
    "untrusted",
    "mismatched",
    "revoked",
    "revocation-unknown",
    "revocation-unavailable",
    "weak-key",
    "weak-signature",
    "incomplete",
    "common-name",
    "wildcard",
    "false-sct",
    "unprofiled",
    "unreadable",
    "anonymous",
)
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "low", "medium", "high", "critical")


class Judged(NamedTuple):
    """What is said of one server.

    Attributes:
        verdicts: the worst first.
        chain: how its certificate leads to a root.
        standing: the same with certificates at hand, for what goes on asking (AIA, revocation, SCTs).
    """

    verdicts: tuple[Verdict, ...]
    chain: Chain
    standing: Standing


class Judge:
    """Gives verdicts. Keeps what it learned of issuers from server to server. Not safe to share between threads."""

    def __init__(self, roots: Roots, *, verify: bool = False, seen: Seen | None = None) -> None:
        """`verify`: check the signatures of chains, too."""
        self.signatures = Signatures() if verify else None
        self.chains = Chains(roots, seen, self.signatures)

    def judge(self, sent: Sequence[Certificate], now: float, *, name: str | None = None, address: str = "") -> Judged:
        """What holds of the certificates that a server sent, leaf first: at least one.

        `name`: what it was asked for by (the SNI, or the host); where there is none, `address` is. `now`: Unix seconds.
        """
        leaf = sent[0]
        standing = self.chains.find(sent, now)
        verdicts = dates(leaf, now)
        verdicts += trust(standing)
        verdicts += names(leaf, name, address)
        for weak in (weak_key(leaf), weak_signature(leaf) if standing.chain.sources[0] != "roots" else None):
            if weak is not None:
                verdicts.append(weak)
        verdicts += standing.weak
        return Judged(worst_first(verdicts), standing.chain, standing)


def worst_first(verdicts: list[Verdict]) -> tuple[Verdict, ...]:
    """In order of severity."""
    if len(verdicts) > 1:
        verdicts.sort(key=lambda one: -SEVERITIES.index(one.severity))
    return tuple(verdicts)


def dates(leaf: Certificate, now: float) -> list[Verdict]:
    """Whether it is valid now (RFC 5280 section 4.1.2.5: both ends are included)."""
    if now > leaf.not_after:
        days = int((now - leaf.not_after) // DAY)
        return [Verdict("expired", "high", f"on {iso(leaf.not_after)[:19]}Z, {_days(days)} ago")]
    if now < leaf.not_before:
        days = int((leaf.not_before - now) // DAY)
        return [Verdict("not-yet-valid", "high", f"before {iso(leaf.not_before)[:19]}Z, in {_days(days)}")]
    return []


def trust(standing: Standing) -> list[Verdict]:
    """Whether it leads to a trusted root, and whether what it takes was sent."""
    chain, kind = standing.chain, standing.kind
    if kind in {"self-signed", "untrusted"}:
        return [Verdict(kind, "high", chain.reason)]
    if chain.missing and not standing.kind:
        missing = ", ".join(map(shown, chain.missing))
        text = f"not sent: {missing}; clients that have not met it elsewhere will not trust the server"
        return [Verdict("incomplete", "medium", text)]
    return []


def names(leaf: Certificate, name: str | None, address: str) -> list[Verdict]:
    """Whether it is for who was asked. Where there was an address only, that it is not for that is said and not held
    against it: few are."""
    out = []
    asked = name or address
    if asked:
        found = match(asked, leaf)
        if not found:
            bare = not name or reference(name)[1]
            text = f"asked for {shown(asked)}, and it is for {_listed(leaf)}"
            out.append(Verdict("mismatched", "info" if bare else "high", text))
        elif found.by == "cn":
            text = f"{shown(asked)} is its common name, and it has no alternative names: browsers refuse it (RFC 9525)"
            out.append(Verdict("common-name", "medium", text))
    wild = [one for one in leaf.dns_names if one.startswith("*.")]
    if wild:
        out.append(Verdict("wildcard", "info", _some(wild)))
    return out


def _listed(leaf: Certificate) -> str:
    listed = leaf.names or ([leaf.common_name] if leaf.common_name else [])
    return _some(listed) if listed else "no name at all"


def _some(listed: Sequence[str]) -> str:
    more = f" and {len(listed) - NAMES_SHOWN} more" if len(listed) > NAMES_SHOWN else ""
    return ", ".join(shown(one) for one in listed[:NAMES_SHOWN]) + more


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days" if days else "less than a day"
