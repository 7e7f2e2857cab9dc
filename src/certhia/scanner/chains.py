"""From what a server sent to a root: the chain, whether it is trusted, and why not.

What lies above the leaf is the same for all servers of one issuer, so it is looked into once and remembered. Without
`Signatures` a path is one by names and key identifiers alone, and its record says that no signature was checked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from certhia._core import Certificate
from certhia.scanner.nameconstraints import Constraints, violation
from certhia.scanner.pathrules import dates_fault, leaf_fault, limits_of, path_fault
from certhia.scanner.paths import Path, Search
from certhia.scanner.records import Chain, Verdict
from certhia.scanner.signatures import Signatures
from certhia.scanner.trust import Issuer, Roots, Seen, inert, shown
from certhia.scanner.weak import weak_key, weak_signature

KEPT_WAYS: Final = 2048  # sets of issuers whose ways to a root are remembered
ENOUGH: Final = 4  # ways to a root that are remembered for one set


class Standing(NamedTuple):
    """What a chain comes to.

    Attributes:
        chain: for the result.
        kind: "" where it is trusted, else "dates" (the leaf's own), "self-signed" or "untrusted".
        path: the certificates of the chain's path.
        weak: what is weak in the path above the leaf.
    """

    chain: Chain
    kind: str
    path: tuple[Certificate, ...]
    weak: tuple[Verdict, ...] = ()


class _Way(NamedTuple):
    """From the leaf's issuer upwards, with what is said of it whatever the leaf: to a root, or as far as it leads."""

    path: Path
    certificates: tuple[Certificate, ...]
    ders: tuple[bytes, ...]
    sources: tuple[str, ...]
    root: str
    fault: str
    limits: tuple[Constraints, ...]
    weak: tuple[Verdict, ...]
    not_before: int
    not_after: int
    disordered: bool
    unneeded: tuple[int, ...]
    missing: tuple[str, ...]


class _Above(NamedTuple):
    """What lies above a leaf: ways to a root, good ones first; without one, the longest way, which leads nowhere."""

    ways: tuple[_Way, ...]
    partial: _Way
    bad: bool  # whether a signature did not hold
    since: float
    until: float
    generation: int


class Chains:
    """Finds the chain of what a server sent. Not safe to share between threads."""

    def __init__(self, roots: Roots, seen: Seen | None = None, signatures: Signatures | None = None) -> None:
        self.seen = seen if seen is not None else Seen()
        self._roots = roots
        self._signatures = signatures
        self._above: OrderedDict[tuple[object, ...], _Above] = OrderedDict()

    def find(self, sent: Sequence[Certificate], now: float) -> Standing:
        """The chain of the certificates that a server sent, leaf first: at least one."""
        leaf = sent[0]
        rest = sent[1:]
        if leaf.sha256 in self._roots:
            way = self._way((), rest, now)._replace(root=inert(leaf.subject))
            standing = self._told(sent, way, now)
            # Trusted by itself: no signature says so.
            return standing._replace(chain=standing.chain._replace(trusted=not standing.kind, sources=("roots",)))
        if leaf.is_self_issued or leaf.is_ca:
            above = self._search(Issuer(leaf), rest, now)  # it may itself be on the way: nothing to remember
            return self._judge(sent, above, now)
        key = (leaf.issuer, leaf.authority_key_id, *[certificate.sha256 for certificate in rest])
        known = self._above.get(key)
        if known is not None and known.since <= now <= known.until:
            standing = self._judge(sent, known, now)
            if standing.kind != "untrusted" or known.generation == self.seen.generation:
                self._above.move_to_end(key)
                return standing
        above = self._above[key] = self._search(Issuer(leaf), rest, now)  # there may be another way meanwhile
        self._above.move_to_end(key)
        if len(self._above) > KEPT_WAYS:
            self._above.popitem(last=False)
        return self._judge(sent, above, now)

    def _search(self, leaf: Issuer, rest: Sequence[Certificate], now: float) -> _Above:
        """Ways from the leaf's issuers to roots. Whether an issuer signed this very leaf is asked later."""
        sent = [self.seen.add(certificate) for certificate in rest]

        def candidates(child: Issuer) -> Sequence[Issuer]:
            found = {one.sha256: one for one in self._roots.named(child.issuer)}
            found |= {one.sha256: one for one in sent if one.subject == child.issuer}
            for one in self.seen.named(child.issuer):
                found.setdefault(one.sha256, one)
            return list(found.values())

        def holds(issuer: Issuer, child: Issuer) -> bool:
            if self._signatures is None or child is leaf:
                return True
            return not self._signatures.fault(issuer.certificate, child.certificate)

        search = Search(candidates, lambda one: one.sha256 in self._roots, holds)
        ways = []
        for path in search.paths(leaf, now):
            ways.append(self._way(path[1:], rest, now))
            if sum(not way.fault for way in ways) == ENOUGH:
                break
        ways.sort(key=lambda way: way.fault != "")
        dates = [date for way in ways for one in way.path for date in (one.not_before, one.not_after)]
        return _Above(
            tuple(ways[:ENOUGH]),
            self._way(search.partial[1:], rest, now)._replace(root="", fault=_dead_end(search)) if not ways else NO_WAY,
            search.bad is not None,
            max((date for date in dates if date <= now), default=float("-inf")),
            min((date for date in dates if date >= now), default=float("inf")),
            self.seen.generation,
        )

    def _way(self, path: Path, rest: Sequence[Certificate], now: float) -> _Way:
        """What is to be said of a path, by what the server sent after its leaf."""
        hashes, wanted = [one.sha256 for one in rest], [one.sha256 for one in path]
        sources = tuple(self._source(sha256, hashes) for sha256 in wanted)
        places = [hashes.index(sha256) for sha256 in wanted if sha256 in hashes]
        subjects = [inert(one.certificate.subject) for one in path]
        return _Way(
            path,
            tuple(one.certificate for one in path),
            tuple(one.certificate.der for one in path),
            sources,
            subjects[-1] if subjects else "",
            path_fault(path, now),
            limits_of(path),
            _weaknesses(path),
            max((one.not_before for one in path), default=0),
            min((one.not_after for one in path), default=1 << 62),
            places != sorted(places),
            tuple(place + 1 for place in range(len(hashes)) if place not in places),
            tuple(name for name, source in zip(subjects, sources, strict=True) if source in {"seen", "fetched"}),
        )

    def _source(self, sha256: bytes, sent: Sequence[bytes]) -> str:
        if sha256 in self._roots:
            return "roots"
        if sha256 in sent:
            return "sent"
        return "fetched" if self.seen.was_fetched(sha256) else "seen"

    def _judge(self, sent: Sequence[Certificate], above: _Above, now: float) -> Standing:
        leaf = sent[0]
        first: tuple[_Way, str, bool] | None = None
        for way in above.ways:
            fault, bad = self._unsigned(way, leaf), False
            if fault:
                bad = True
            else:
                fault = way.fault or leaf_fault(leaf) or (violation(leaf, way.limits) if way.limits else "")
            if not fault:
                return self._told(sent, way, now)
            if first is None or (first[2] and not bad):
                first = way, fault, bad
        if first is not None:
            return self._told(sent, first[0], now, fault=first[1], bad=first[2])
        return self._nowhere(sent, above, now)

    def _nowhere(self, sent: Sequence[Certificate], above: _Above, now: float) -> Standing:
        """No way leads to a root."""
        leaf, way = sent[0], above.partial
        if not leaf.is_self_issued or way.path:
            unsigned = self._unsigned(way, leaf) if way.path else ""
            return self._told(sent, way, now, fault=unsigned or way.fault, bad=above.bad or unsigned != "")
        text = "" if self._signatures is None else self._signatures.fault(leaf, leaf)
        if text:
            fault = f"it bears its issuer's name, and not the issuer's signature: {text}"
            return self._told(sent, way, now, fault=fault, bad=True)
        return self._told(
            sent, way, now, fault="it is signed by its own key, and is no trusted root", kind="self-signed"
        )

    def _unsigned(self, way: _Way, leaf: Certificate) -> str:
        """Why the leaf was not signed by the way's first authority; "" where it was, or nobody checks."""
        if self._signatures is None:
            return ""
        text = self._signatures.fault(way.certificates[0], leaf)
        return f"{shown(way.certificates[0].subject)} has not signed it: {text}" if text else ""

    def _told(
        self,
        sent: Sequence[Certificate],
        way: _Way,
        now: float,
        *,
        fault: str = "",
        kind: str = "untrusted",
        bad: bool = False,
    ) -> Standing:
        leaf = sent[0]
        since, until = leaf.not_before, leaf.not_after
        if not fault:
            fault = "" if since <= now <= until else dates_fault(leaf, now, "it")
            kind = "dates" if fault else ""
        nothing = self._signatures is None or (kind == "untrusted" and not way.path and not bad)  # was checked
        chain = Chain(
            (leaf.der, *way.ders),
            None if self._signatures is None and not fault else not fault,
            way.root,
            way.sources.count("fetched"),
            None if nothing else not bad,
            fault,
            ("sent", *way.sources),
            len(sent),
            max(since, way.not_before),
            min(until, way.not_after),
            way.disordered,
            way.unneeded,
            way.missing,
        )
        return Standing(chain, kind, (leaf, *way.certificates), way.weak)


NO_WAY: Final = _Way((), (), (), (), "", "", (), (), 0, 0, False, (), ())


def _weaknesses(path: Path) -> tuple[Verdict, ...]:
    """Of the issuers; of a root's signature nobody asks."""
    found: list[Verdict | None] = []
    for one in path:
        whose = f"the issuer {shown(one.certificate.subject)}: "
        found.append(weak_key(one.certificate, whose))
        if not one.certificate.is_self_issued:
            found.append(weak_signature(one.certificate, whose))
    return tuple(verdict for verdict in found if verdict is not None)


def _dead_end(search: Search) -> str:
    """Why no way leads to a root."""
    if search.exhausted:
        return "no way to a trusted root within the bounds of the search"
    last = search.partial[-1].certificate
    if search.bad is not None:
        return f"the signature of {shown(search.bad.certificate.subject)} does not hold under its issuer's key"
    if last.is_self_issued:
        return f"it leads to {shown(last.subject)}, which is no trusted root"
    of = "its issuer" if len(search.partial) == 1 else "the issuer"
    return f"{of} {shown(last.issuer)} was not sent, and is no trusted root"
