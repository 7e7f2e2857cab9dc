"""A result as TLSXtractor has it."""

from __future__ import annotations

from tests.scanner.report.conftest import MAKE

from certhia.scanner.records import Failure, Found, Result, Served
from certhia.scanner.report.tlsxtractor import connection


def test_a_server(make: MAKE) -> None:
    """Key by key what its `results` hold."""
    assert connection(make()) == {
        "ip": "192.0.2.7",
        "port": 443,
        "status": "success",
        "sni": "www.example.com",
        "domains": ["www.example.com", "*.example.org"],
        "domain_sources": {
            "sni": ["www.example.com"],
            "san": ["www.example.com", "*.example.org"],
            "cn": [],
            "csp": [],
        },
        "tls_version": "TLSv1.2",
        "error": None,
        "certificate": {
            "subject": {"organizationName": "Example, Inc.", "commonName": "www.example.com"},
            "san": ["www.example.com", "*.example.org"],
            "issuer": {
                "countryName": "XX",
                "organizationName": "Certhia Test",
                "commonName": "Certhia Test Intermediate",
            },
            "validity": {"not_before": "2025-10-09T07:53:20+00:00", "not_after": "2026-01-07T07:53:19+00:00"},
        },
    }


def test_names_of_other_sources_are_left_to_csp_and_these(make: MAKE) -> None:
    shown = connection(make(names=(Found("a.example", "csp"), Found("b.example", "script"))))
    assert shown["domains"] == ["a.example"]


def test_what_went_wrong(failed: Result) -> None:
    def told(kind: str, detail: str = "") -> tuple[object, object]:
        shown = connection(failed._replace(failure=Failure(kind, "hello", detail)))
        assert (shown["certificate"], shown["sni"], shown["tls_version"]) == (None, None, None)
        return shown["status"], shown["error"]

    assert told("timeout") == ("timeout", "Connection timeout")
    assert told("refused") == ("refused", "Connection refused")
    assert told("alert", "handshake_failure") == ("error", "Network error: alert handshake_failure")


def test_no_certificate(make: MAKE) -> None:
    shown = connection(make(served=Served(0x0304, 0x1301, None, None, ()), names=()))
    assert (shown["status"], shown["error"], shown["tls_version"]) == (
        "no_certificate",
        "No certificate received",
        "TLSv1.3",
    )


def test_bytes_that_are_no_certificate(make: MAKE) -> None:
    shown = connection(make(served=Served(0x0303, 1, None, None, (b"none",))))
    assert isinstance(shown["certificate"], dict)
    assert shown["certificate"]["error"].startswith("Certificate parsing failed: ")
