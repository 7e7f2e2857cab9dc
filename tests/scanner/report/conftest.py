"""Results to tell, and what hostile servers put into them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from certhia.model import RuleHit
from certhia.scanner.ocsp import Status
from certhia.scanner.records import (
    Chain,
    Enumerated,
    Failure,
    Fingerprints,
    Found,
    Http,
    Policy,
    Result,
    Served,
    Target,
    Verdict,
)
from certhia.scanner.scts import Checked
from certhia.testing import CA, SimClock

MAKE = Callable[..., Result]
NOW = 1_760_000_000.5
TARGET = Target("www.example.com", 7, "www.example.com", "192.0.2.7", 443)


@pytest.fixture(scope="session")
def authority() -> CA:
    return CA("report", clock=SimClock(NOW))


@pytest.fixture(scope="session")
def certificates(authority: CA) -> tuple[bytes, ...]:
    """A leaf and its issuer."""
    issued = authority.issue(
        ["www.example.com", "*.example.org"], ["192.0.2.7"], organization="Example, Inc.", serial=0x04AB
    )
    return issued.der, issued.chain[0]


@pytest.fixture
def make(certificates: tuple[bytes, ...]) -> MAKE:
    """A result of a server that showed these certificates; changes by field."""

    def one(**changes: object) -> Result:
        served = Served(0x0303, 0xC02F, 29, "h2", certificates, server_name="www.example.com")
        names = (Found("www.example.com", "sni"), Found("www.example.com", "san"), Found("*.example.org", "san"))
        return Result(TARGET, NOW, 0.0123, served=served, names=names)._replace(**changes)  # type: ignore[arg-type]

    return one


@pytest.fixture
def everything(make: MAKE, certificates: tuple[bytes, ...]) -> Result:
    """A result with all that one can have."""
    return make(
        failure=Failure("timeout", "http", ""),
        verdicts=(Verdict("mismatched", "high", "192.0.2.7 is not among its names"), Verdict("wildcard", "info")),
        chain=Chain(certificates, False, "CN=Root", 1, True, "the root is not trusted"),
        http=Http(
            301,
            "https://www.example.com/",
            (("server", "nginx"),),
            (Policy("header", "default-src 'self'"),),
            ("https://www.example.com/a.js",),
            "https://example.org/",
            (),
            Failure("timeout", "http", ""),
        ),
        fingerprints=Fingerprints("a" * 62, "b" * 32),
        enumerated=Enumerated((0x0303, 0x0304), ((0x0303, (0xC02F, 0xC030)),)),
        attempts=2,
        timestamps=(Checked("certificate", "false", "Example Log", "Example", 1_760_000_000_123, "signature"),),
        revocation=Status("revoked", "crl", "http://crl.example/", "keyCompromise", NOW - 5, NOW - 4, NOW + 3),
        hits=(RuleHit("example.com", "www.example.com", "san", "below", "Acme", "hackerone"),),
    )


@pytest.fixture
def failed() -> Result:
    """A result of a target that showed nothing."""
    return Result(
        Target("192.0.2.0/24", None, None, "192.0.2.9", 8443), NOW, 3.0, failure=Failure("refused", "connect")
    )
