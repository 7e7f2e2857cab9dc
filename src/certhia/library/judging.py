"""From what a server showed to what is said of it: names, verdicts, watch rules.

Most servers of a scan show what others showed before them: what follows from the certificates alone is found out once,
and kept for a minute, as dates are part of it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.model import RuleHit
from certhia.rules.watchlist import Watchlist
from certhia.scanner import verdicts
from certhia.scanner.hosts import is_plain
from certhia.scanner.records import Chain, Failure, Found, Result, Verdict
from certhia.scanner.report.kept import Kept
from certhia.scanner.talks import Outcome
from certhia.scanner.verdicts import Judge

KEPT: Final = 16 << 20  # bytes of certificates, twice over
ROUGHLY: Final = 4000  # bytes that what is said of some takes besides
FRESH: Final = 60.0  # seconds


class _Known(NamedTuple):
    """What follows from certificates alone.

    `leaf` is None where the first is none. `verdicts` say nothing of the name that was asked for; `foreign` are these
    and that an address which is not among `addresses` is not.
    """

    leaf: Certificate | None
    names: tuple[Found, ...]
    hits: tuple[RuleHit, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    foreign: tuple[Verdict, ...] = ()
    addresses: frozenset[str] = frozenset()
    chain: Chain | None = None


class Judging:
    """Judges results. Not for two threads at once."""

    def __init__(self, judge: Judge, rules: Watchlist | None = None) -> None:
        """`rules`: what marks results; None for nothing."""
        self._judge = judge
        self._rules = rules
        self._now = 0.0
        self._known = self._afresh()

    def _afresh(self) -> Kept[tuple[bytes, ...], _Known]:
        return Kept(self._look, lambda ders, _: sum(map(len, ders)) + ROUGHLY, KEPT)

    def judged(self, outcome: Outcome) -> Result:
        """What came of a target (the outcome's key), with all that follows from what was served."""
        target, seen, failed, at, seconds, attempts = outcome
        if seen is None:
            failure = None if failed is None else Failure(failed.kind, failed.step, failed.detail)
            return Result(target, at, seconds, failure=failure, attempts=attempts)
        served, failure, http, prints, enumerated = seen
        if not self._now <= at < self._now + FRESH:
            self._now, self._known = at, self._afresh()
        known = self._known(served.certificates)
        asked = served.server_name
        names = (Found(asked, "sni"), *known.names) if asked else known.names
        name = asked or target.host
        if name and known.leaf is not None:
            said = self._of_name(known, known.leaf, name)
        else:
            said = known.verdicts if target.address in known.addresses else known.foreign
        return Result(
            target,
            at,
            seconds,
            served,
            failure,
            names,
            said,
            known.chain,
            http,
            prints,
            enumerated,
            attempts,
            known.hits,
        )

    def _of_name(self, known: _Known, leaf: Certificate, name: str) -> tuple[Verdict, ...]:
        more = [one for one in verdicts.names(leaf, name, "") if one.kind != "wildcard"]
        return verdicts.worst_first([*more, *known.verdicts]) if more else known.verdicts

    def _look(self, ders: tuple[bytes, ...]) -> _Known:
        sent = [read for read in map(_read, ders) if read is not None]
        if not sent or sent[0].der != ders[0]:
            return _Known(None, ())
        leaf = sent[0]
        judged = self._judge.judge(sent, self._now)
        # Few servers have a certificate for their address: it is said, without the address, and not held against them.
        foreign = [Verdict("mismatched", "info", "its address is not among the certificate's"), *judged.verdicts]
        return _Known(
            leaf,
            _found(leaf),
            self._rules.match(leaf) if self._rules is not None else (),
            judged.verdicts,
            verdicts.worst_first(foreign),
            frozenset(leaf.ip_addresses),
            judged.chain,
        )


def _read(der: bytes) -> Certificate | None:
    try:
        return Certificate.from_der(der)
    except Malformed:
        return None


def _found(leaf: Certificate) -> tuple[Found, ...]:
    names = [Found(name.lower().rstrip("."), "san") for name in leaf.dns_names]
    common = (leaf.common_name or "").lower().rstrip(".")
    if "." in common and is_plain(common.removeprefix("*.")):
        names.append(Found(common, "cn"))
    return tuple(dict.fromkeys(names))
