"""The figures of a scan."""

from __future__ import annotations

from tests.scanner.report.conftest import MAKE

from certhia.model import RuleHit
from certhia.scanner.records import Failure, Result, Served, Verdict
from certhia.scanner.report.leaf import Leaf, leaves
from certhia.scanner.report.tally import SHOWN, Tally


def test_by_error_version_issuer_and_verdict(make: MAKE, failed: Result) -> None:
    tally = Tally(leaves())
    hit = RuleHit("example.com", "www.example.com", "san", "below")
    tally.take([make(), make(verdicts=(Verdict("expired", "high"), Verdict("wildcard", "info"))), failed])
    tally.take([make(hits=(hit,)), failed._replace(failure=Failure("timeout", "hello"))])
    assert (tally.done, tally.answered, tally.hits) == (5, 3, 1)
    assert [*tally.lines(2.0)] == [
        "5 targets (2/s over 2.0 s): 3 answered with TLS, 1 matched a watch rule",
        "errors: refused 1, timeout at hello 1",
        "versions: TLS 1.2 3",
        "issuers: Certhia Test 3",
        "verdicts: expired 1",
    ]


def test_nothing_at_all() -> None:
    assert [*Tally(leaves()).lines(0.0)] == ["0 targets: 0 answered with TLS"]


def test_hostile_issuers_are_inert_and_few(make: MAKE) -> None:
    def hostile(der: bytes) -> Leaf:
        return Leaf("", f"\x1b[2J{der.decode()}", "", 0, 0, "", "", "")

    tally = Tally(hostile)
    for number in range(30):
        tally.take([make(served=Served(0x0304, 0x1301, None, None, (str(number).encode(),)))])
    line = [*tally.lines(1.0)][2]
    assert line.isprintable()
    assert line.count("\\x1b[2J") == SHOWN
    assert line.endswith("others 20")


def test_what_is_no_certificate_counts(make: MAKE) -> None:
    tally = Tally(leaves())
    tally.take(
        [make(served=Served(0x0304, 0x1301, None, None, (b"none",))), make(served=Served(0x0304, 1, None, None, ()))]
    )
    assert "issuers: unreadable 1" in [*tally.lines(0.0)]
