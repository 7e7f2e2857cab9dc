"""From what a server showed to what is said of it: names, verdicts, watch rules.

Most servers of a scan show what others showed before them: what follows from that alone is found out once, and kept
for a minute, as dates are part of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.library.filtering import Filter
from certhia.model import RuleHit
from certhia.rules.watchlist import Watchlist
from certhia.scanner import verdicts
from certhia.scanner.examining import Examined, Examiner
from certhia.scanner.hosts import is_plain
from certhia.scanner.probing import Seen
from certhia.scanner.records import Failure, Found, Result, Served, Target, Verdict
from certhia.scanner.report.kept import Kept
from certhia.scanner.talks import Outcome

KEPT: Final = 16 << 20  # bytes of certificates, twice over
ROUGHLY: Final = 4000  # bytes that what is said of some takes besides
FRESH: Final = 60.0  # seconds
NOWHERE: Final = Target("", None, None, "", 443)

# What all that is kept follows from: certificates, staple, SCTs of the handshake.
_Shown: TypeAlias = tuple[tuple[bytes, ...], bytes | None, tuple[bytes, ...]]


class _Known(NamedTuple):
    """What follows from what was shown, whoever showed it.

    `leaf` is None where the first certificate is none. `examined` says nothing of the name that was asked for;
    `foreign` is the same, and that an address which is not among `addresses` is not.
    """

    leaf: Certificate | None
    names: tuple[Found, ...]
    hits: tuple[RuleHit, ...]
    examined: Examined
    foreign: Examined
    addresses: frozenset[str]


_NOTHING: Final = _Known(None, (), (), Examined((), None), Examined((), None), frozenset())


class Judging:
    """Judges results. Not for two threads at once."""

    def __init__(self, examiner: Examiner, rules: Watchlist | None = None, names: Filter | None = None) -> None:
        """`rules`: what marks results; None for nothing. `names`: those that are told; None for all."""
        self.examiner = examiner
        self._rules = rules
        self._filter = names
        self._now = 0.0
        self._known = self._afresh()

    def _afresh(self) -> Kept[_Shown, _Known]:
        return Kept(self._look, lambda shown, _: sum(map(len, shown[0])) + ROUGHLY, KEPT)

    def judged(self, outcome: Outcome) -> Result:
        """What came of a target (the outcome's key), with all that follows from what was served. Asks nobody."""
        target, seen, at = outcome.key, outcome.value, outcome.at
        if seen is None:
            return result_of(outcome)
        served = seen.served
        if not served.certificates:
            return result_of(outcome, self._all(_NOTHING, seen), self.examiner.look(target, served))
        if not self._now <= at < self._now + FRESH:
            self._now, self._known = at, self._afresh()
        known = self._known((served.certificates, served.staple, served.scts))
        said = known.examined
        name = served.server_name or target.host
        if name and known.leaf is not None:
            said = said._replace(verdicts=self._of_name(known, known.leaf, name))
        elif target.address not in known.addresses:
            said = known.foreign
        names = known.names if seen.http is None else self._all(known, seen)
        return result_of(outcome, names, said, known.hits)

    async def examined(self, outcome: Outcome, within: float = math.inf) -> Result:
        """The same, with those asked whom the examiner asks, for so many seconds."""
        target, seen, *_ = outcome
        if seen is None:
            return result_of(outcome)
        known = self._look((seen.served.certificates, None, ()))
        said = await self.examiner.examine(target, seen.served, within)
        return result_of(outcome, self._all(known, seen), said, known.hits)

    def kept(self, names: Sequence[Found]) -> Sequence[Found]:
        """Those of these that are told."""
        return names if self._filter is None else self._filter.keep(tuple(names))

    def _all(self, known: _Known, seen: Seen) -> tuple[Found, ...]:
        """Names of the certificate, and of what was asked under TLS."""
        if seen.http is None or not seen.http.names:
            return known.names
        more = seen.http.names
        return (*known.names, *(self._filter.keep(more) if self._filter is not None else more))

    def _of_name(self, known: _Known, leaf: Certificate, name: str) -> tuple[Verdict, ...]:
        more = [one for one in verdicts.names(leaf, name, "") if one.kind != "wildcard"]
        return verdicts.worst_first([*more, *known.examined.verdicts]) if more else known.examined.verdicts

    def _look(self, shown: _Shown) -> _Known:
        certificates, staple, timestamps = shown
        served = Served(0x0303, 0, None, None, certificates, staple, timestamps)
        said = self.examiner.look(NOWHERE, served)
        leaf = _read(certificates[0]) if certificates else None
        if leaf is None:
            return _Known(None, (), (), said, said, frozenset())
        # Few servers have a certificate for their address: it is said, without the address, and not held against them.
        foreign = [Verdict("mismatched", "info", "its address is not among the certificate's"), *said.verdicts]
        return _Known(
            leaf,
            self._filter.keep(_found(leaf)) if self._filter is not None else _found(leaf),
            self._rules.match(leaf) if self._rules is not None else (),
            said,
            said._replace(verdicts=verdicts.worst_first(foreign)),
            frozenset(leaf.ip_addresses),
        )


def result_of(
    outcome: Outcome,
    names: tuple[Found, ...] = (),
    said: Examined | None = None,
    hits: tuple[RuleHit, ...] = (),
) -> Result:
    """An outcome, and what is said of it, as a result."""
    target, seen, failed, at, seconds, attempts = outcome
    if seen is None or said is None:
        failure = None if failed is None else Failure(failed.kind, failed.step, failed.detail)
        return Result(target, at, seconds, failure=failure, attempts=attempts)
    served, failure, http, prints, enumerated = seen
    if served.server_name:
        names = (Found(served.server_name, "sni"), *names)
    told, chain, timestamps, revocation = said
    return Result(
        target,
        at,
        seconds,
        served,
        failure,
        names,
        told,
        chain,
        http,
        prints,
        enumerated,
        attempts,
        hits,
        timestamps,
        revocation,
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
