"""The document that TLSXtractor 1.0 writes, for programs that read it.

`metadata` (version "1.0", mode, parameters, statistics), `results` and `discovered_hosts`, as its `output.py` and
`cli.py` make them. The shape of `results` follows from the mode: a list of connections for `ip_scan`, a list of URLs
with their connections for `url_scan`, and for `mixed_scan` both, under `ips` and `urls`. Lists that it makes of sets
come here in the order of their finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from certhia._core import Certificate
from certhia.errors import Malformed
from certhia.scanner.records import Failure, Result, Served
from certhia.scanner.report.leaf import when

SOURCES: Final = ("sni", "san", "cn", "csp")
# What the library that it reads certificates with calls an attribute; another is "Unknown OID".
ATTRIBUTES: Final = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.15": "businessCategory",
    "2.5.4.16": "postalAddress",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "x500UniqueIdentifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userID",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
VERSIONS: Final = {0x300: "SSLv3", 0x301: "TLSv1", 0x302: "TLSv1.1", 0x303: "TLSv1.2", 0x304: "TLSv1.3"}


def connection(result: Result) -> dict[str, object]:
    """One address that was asked, as it stands in `results`."""
    target, served = result.target, result.served
    sources = {source: [one.name for one in result.names if one.source == source] for source in SOURCES}
    found = served is not None and bool(served.certificates)
    return {
        "ip": target.address,
        "port": target.port,
        "status": "success" if found else status(result.failure),
        "sni": served.server_name if served is not None else None,
        "domains": [*dict.fromkeys(name for names in sources.values() for name in names)],
        "domain_sources": sources,
        "tls_version": VERSIONS.get(served.version) if served is not None else None,
        "error": None if found else error(result.failure),
        "certificate": certificate(served) if served is not None and found else None,
    }


def status(failure: Failure | None) -> str:
    """`timeout`, `refused`, `no_certificate` or `error`."""
    if failure is None:
        return "no_certificate"
    return failure.kind if failure.kind in ("timeout", "refused") else "error"


def error(failure: Failure | None) -> str:
    """Why there is no certificate, in its words where it has any."""
    if failure is None:
        return "No certificate received"
    if failure.kind == "timeout":
        return "Connection timeout"
    if failure.kind == "refused":
        return "Connection refused"
    return "Network error: " + " ".join(part for part in (failure.kind, failure.detail) if part)


def certificate(served: Served) -> dict[str, object]:
    """Subject, names, issuer and validity of the server's own certificate."""
    try:
        leaf = Certificate.from_der(served.certificates[0])
    except Malformed as broken:
        return {"error": f"Certificate parsing failed: {broken}"}
    common = leaf.common_name
    names = [value for kind, value in leaf.alternative_names if kind == "dns"]
    return {
        "subject": _attributes(leaf.subject_attributes),
        "san": names if leaf.alternative_names or not common else [common],
        "issuer": _attributes(leaf.issuer_attributes),
        "validity": {
            "not_before": _time(leaf.not_before),
            "not_after": _time(leaf.not_after),
        },
    }


def _time(seconds: int) -> str | None:
    time = when(seconds)
    return None if time is None else time.isoformat()


def _attributes(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    return {ATTRIBUTES.get(oid, "Unknown OID"): value for oid, value in pairs}
