"""What only some results have, as records ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from certhia.scanner.ocsp import Status
from certhia.scanner.records import Chain, Enumerated, Failure, Http, Verdict
from certhia.scanner.report.words import cipher, version
from certhia.scanner.scts import Checked


def failure(one: Failure) -> dict[str, object]:
    """Why there is nothing, or not all."""
    return {"kind": one.kind, "step": one.step or None, "detail": one.detail or None}


def verdicts(all_: Sequence[Verdict]) -> list[dict[str, object]]:
    """What holds against the server."""
    return [{"kind": one.kind, "severity": one.severity, "detail": one.detail or None} for one in all_]


def trust(chain: Chain) -> dict[str, object]:
    """How the leaf leads to a root."""
    return {
        "trusted": chain.trusted,
        "root": chain.root or None,
        "reason": chain.reason or None,
        "signatures": chain.signatures,
        "path": [sha256(der).hexdigest() for der in chain.path],
        "sources": list(chain.sources),
        "sent": chain.length,
        "not_before": chain.not_before or None,
        "not_after": chain.not_after or None,
        "disordered": chain.disordered,
        "unneeded": list(chain.unneeded),
        "missing": list(chain.missing),
        "notes": list(chain.notes),
    }


def http(one: Http) -> dict[str, object]:
    """What came of `GET /`."""
    return {
        "status": one.status,
        "url": one.url,
        "headers": [list(header) for header in one.headers],
        "policies": [{"where": policy.where, "text": policy.text} for policy in one.policies],
        "scripts": list(one.scripts),
        "location": one.location,
        "redirects": list(one.redirects),
        "error": None if one.failure is None else failure(one.failure),
    }


def supported(one: Enumerated) -> dict[str, object]:
    """What the server would speak."""
    return {
        "versions": [version(number) for number in one.versions],
        "ciphers": {version(number): [cipher(suite) for suite in suites] for number, suites in one.ciphers},
        "complete": one.complete,
    }


def timestamps(all_: Sequence[Checked]) -> list[dict[str, object]]:
    """What came of the server's SCTs."""
    return [
        {
            "source": one.source,
            "state": one.state,
            "log": one.log,
            "operator": one.operator or None,
            "timestamp": one.timestamp,
            "detail": one.detail or None,
        }
        for one in all_
    ]


def revocation(one: Status) -> dict[str, object]:
    """What is known of its revocation."""
    return {
        "state": one.state,
        "source": one.source or None,
        "detail": one.detail or None,
        "reason": one.reason or None,
        "at": one.at or None,
        "produced": one.produced or None,
        "until": one.until or None,
    }
