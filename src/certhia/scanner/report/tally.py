"""What a scan came to, in figures: by error class, TLS version, issuer and verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from certhia.render import short, terminal
from certhia.scanner.records import Result
from certhia.scanner.report.leaf import Leaf
from certhia.scanner.report.words import version

ISSUERS: Final = 10_000  # that are counted one by one; others are one figure
SHOWN: Final = 10  # of each kind that are shown
_OTHERS: Final = "others"


class Tally:
    """Counts results. Not for two threads at once; figures may be read by another.

    Attributes:
        done: how many results.
        answered: those with a handshake.
        hits: those that a watch rule matched.
    """

    def __init__(self, leaf: Callable[[bytes], Leaf | None]) -> None:
        """`leaf`: see `leaves`."""
        self.done = self.answered = self.hits = 0
        self._leaf = leaf
        self._errors: Counter[str] = Counter()
        self._versions: Counter[int] = Counter()
        self._issuers: Counter[str] = Counter()
        self._verdicts: Counter[tuple[str, str]] = Counter()

    def take(self, results: Sequence[Result]) -> None:
        """Counts them."""
        versions, judged = self._versions, self._verdicts
        self.done += len(results)
        for result in results:
            served, failure = result.served, result.failure
            if failure is not None:
                self._errors[f"{failure.kind} at {failure.step}" if failure.kind == "timeout" else failure.kind] += 1
            if served is not None:
                self.answered += 1
                versions[served.version] += 1
                if served.certificates:
                    self._count_issuer(self._leaf(served.certificates[0]))
            for verdict in result.verdicts:
                judged[verdict[:2]] += 1
            if result.hits:
                self.hits += 1

    def _count_issuer(self, leaf: Leaf | None) -> None:
        name = "unreadable" if leaf is None else leaf.issuer_organization or leaf.issuer
        if len(self._issuers) >= ISSUERS and name not in self._issuers:
            name = _OTHERS
        self._issuers[name] += 1

    def lines(self, seconds: float) -> Iterator[str]:
        """The summary, for its end. Texts are inert."""
        rate = f" ({self.done / seconds:,.0f}/s over {seconds:.1f} s)" if seconds > 0 else ""
        matched = f", {self.hits:,} matched a watch rule" if self.hits else ""
        yield f"{self.done:,} target{'' if self.done == 1 else 's'}{rate}: {self.answered:,} answered with TLS{matched}"
        versions = {version(number): count for number, count in self._versions.items()}
        verdicts = {kind: count for (kind, severity), count in self._verdicts.items() if severity != "info"}
        for name, counts in (
            ("errors", self._errors),
            ("versions", versions),
            ("issuers", self._issuers),
            ("verdicts", verdicts),
        ):
            if counts:
                yield f"{name}: {_most(counts)}"


def _most(counts: dict[str, int]) -> str:
    """The most frequent ones, and how many others there are."""
    order = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown = ", ".join(f"{short(terminal(name), 40)} {count:,}" for name, count in order[:SHOWN])
    rest = sum(count for _, count in order[SHOWN:])
    return f"{shown}, {_OTHERS} {rest:,}" if rest else shown
