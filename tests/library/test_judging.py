"""What is said of what a server showed."""

from __future__ import annotations

from functools import cache

import pytest

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.library.examining import examiner_of
from certhia.library.judging import FRESH, Judging
from certhia.rules.watchlist import Watchlist
from certhia.scanner.failures import ScanFailure
from certhia.scanner.probing import Seen
from certhia.scanner.records import Failure, Found, Result, Served, Target
from certhia.scanner.talks import Outcome
from certhia.testing import CA

NOW = Clock().now()


@cache
def shown(*, common_name: str | None = None) -> tuple[bytes, ...]:
    issued = CA("judging").issue(["www.Example.com", "*.example.org"], ["192.0.2.7"], common_name=common_name)
    return issued.der, issued.chain[0]


def outcome(
    certificates: tuple[bytes, ...] = (),
    *,
    address: str = "192.0.2.9",
    host: str | None = None,
    asked: str | None = None,
    at: float = NOW,
) -> Outcome:
    served = Served(0x0303, 0xC02F, None, None, certificates or shown(), server_name=asked)
    return Outcome(Target("x", None, host, address, 443, place=7), Seen(served), None, at, 0.5, 2)


@pytest.fixture
def judging() -> Judging:
    return Judging(examiner_of(ScanOptions(), None, Clock()), Watchlist("example.com"))


def kinds(result: Result) -> set[str]:
    return {one.kind for one in result.verdicts}


def test_names_verdicts_and_rules(judging: Judging) -> None:
    result = judging.judged(outcome())
    assert result.names == (
        Found("www.example.com", "san"),
        Found("*.example.org", "san"),
        Found("www.example.com", "cn"),
    )
    assert kinds(result) == {"untrusted", "wildcard", "mismatched"}
    assert [hit.rule for hit in result.hits] == ["example.com"]
    assert (result.attempts, result.seconds, result.at, result.target.place) == (2, 0.5, NOW, 7)
    assert result.chain is not None
    assert not result.chain.trusted


def test_an_address_that_it_is_for(judging: Judging) -> None:
    assert "mismatched" not in kinds(judging.judged(outcome(address="192.0.2.7")))
    severity = {one.kind: one.severity for one in judging.judged(outcome()).verdicts}
    assert severity["mismatched"] == "info", "nobody expects one for an address"


@pytest.mark.parametrize(
    "host, asked, fits",
    [
        ("www.example.com", "www.example.com", True),
        ("a.example.org", "a.example.org", True),
        ("www.example.net", None, False),
        (None, "www.example.com", True),
        ("www.example.com", "www.example.net", False),
    ],
)
def test_by_name(judging: Judging, host: str | None, asked: str | None, fits: bool) -> None:
    result = judging.judged(outcome(host=host, asked=asked))
    assert ("mismatched" not in kinds(result)) is fits
    assert (Found(asked, "sni") in result.names) is (asked is not None) if asked else True
    assert [one.kind for one in result.verdicts].count("wildcard") == 1


def test_a_common_name_that_is_no_name(judging: Judging) -> None:
    result = judging.judged(outcome(shown(common_name="Example Device 7")))
    assert {one.source for one in result.names} == {"san"}


def test_it_is_looked_at_anew_after_a_while(judging: Judging) -> None:
    later = NOW + 100 * 86400
    assert "expired" not in kinds(judging.judged(outcome(at=NOW)))
    assert judging.judged(outcome(at=NOW)).chain is judging.judged(outcome(at=NOW + FRESH / 2)).chain
    assert judging.judged(outcome(at=later)).chain is not judging.judged(outcome(at=NOW)).chain


def test_what_is_no_certificate(judging: Judging) -> None:
    result = judging.judged(outcome((b"\x30\x03abc",)))
    assert (result.names, result.hits, result.chain) == ((), (), None)
    assert kinds(result) == {"unreadable"}
    served = Served(0x0304, 0x1301, None, None, ())
    bare = judging.judged(Outcome(Target("x", None, None, "192.0.2.9", 443), Seen(served), None, NOW, 0.1, 1))
    assert (bare.verdicts, bare.names) == ((), ())
    whole = served._replace(complete=True, cipher=0x006D, server_name="www.example.com")
    bare = judging.judged(Outcome(Target("x", None, None, "192.0.2.9", 443), Seen(whole), None, NOW, 0.1, 1))
    assert (bare.verdicts[0].kind, bare.verdicts[0].severity) == ("anonymous", "high")
    assert bare.verdicts[0].detail.startswith("TLS_DH_anon_WITH_AES_256_CBC_SHA256: ")
    assert bare.names == (Found("www.example.com", "sni"),)


def test_a_failure(judging: Judging) -> None:
    target = Target("x", None, None, "192.0.2.9", 443)
    result = judging.judged(Outcome(target, None, ScanFailure("refused", "connect"), NOW, 0.1, 3))
    assert result == Result(target, NOW, 0.1, failure=Failure("refused", "connect"), attempts=3)


async def test_with_others_asked(judging: Judging) -> None:
    """Says the same where nobody is to be asked."""
    examined, judged = (
        await judging.examined(outcome(host="www.example.com")),
        judging.judged(outcome(host="www.example.com")),
    )
    assert examined._replace(chain=None) == judged._replace(chain=None)
    lost = Outcome(Target("x", None, None, "", 443), None, ScanFailure("dns"), NOW, 0.1, 1)
    assert (await judging.examined(lost)).failure == Failure("dns")
