"""TLSXtractor's document."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.scanner.report.conftest import MAKE

from certhia.scanner.records import Failure, Found, Result, Target
from certhia.scanner.report import document
from certhia.scanner.report.document import Document, Figures

FIGURES = Figures(
    {"input": "192.0.2.0/24", "port": 443, "timeout": 5, "threads": 10, "retry": 3}, 1_760_000_010.25, 4.0
)


def made(mode: str, results: list[Result], figures: Figures = FIGURES) -> dict[str, Any]:
    whole = Document(mode)
    for result in results:
        whole.take([result])
    text = "".join(whole.pieces(figures))
    assert text.endswith("}\n")
    shown: dict[str, Any] = json.loads(text)
    assert [*shown] == ["metadata", "results", "discovered_hosts"]
    return shown


def of_address(make: MAKE, address: str = "192.0.2.7", **changes: object) -> Result:
    return make(target=Target("192.0.2.0/24", None, None, address, 443), **changes)


def test_addresses(make: MAKE, failed: Result) -> None:
    shown = made("ip_scan", [of_address(make), failed])
    assert shown["metadata"] == {
        "version": "1.0",
        "scan_timestamp": "2025-10-09T08:53:30.250000Z",
        "mode": "ip_scan",
        "parameters": dict(FIGURES.parameters),
        "statistics": {
            "total_targets": 2,
            "scanned": 2,
            "successful": 1,
            "failed": 1,
            "unique_domains": 2,
            "elapsed_seconds": 4.0,
            "scan_rate": 0.5,
        },
    }
    assert [one["ip"] for one in shown["results"]] == ["192.0.2.7", "192.0.2.9"]
    assert shown["discovered_hosts"] == {
        "hostnames": ["www.example.com"],
        "tlds": ["example.com"],
        "wildcards": ["*.example.org"],
        "total_hostnames": 1,
        "total_tlds": 1,
    }


def test_urls_have_their_connections_together(make: MAKE) -> None:
    url = Target("https://www.example.com/", 1, "www.example.com", "192.0.2.7", 443)
    gone = Target("gone.example", 2, "gone.example", "", 443)
    shown = made(
        "url_scan",
        [
            make(target=url),
            Result(gone, 1.0, 0.0, failure=Failure("dns", "", "no such name")),
            make(target=url._replace(address="192.0.2.8")),
        ],
    )
    first, second = shown["results"]
    assert [first[key] for key in ("url", "hostname", "port", "dns_status", "resolved_ips")] == [
        "https://www.example.com/",
        "www.example.com",
        443,
        "success",
        ["192.0.2.7", "192.0.2.8"],
    ]
    assert [one["ip"] for one in first["connections"]] == ["192.0.2.7", "192.0.2.8"]
    assert (second["dns_status"], second["dns_error"], second["connections"]) == (
        "nxdomain",
        "No DNS records found",
        [],
    )
    statistics = shown["metadata"]["statistics"]
    assert (statistics["total_urls"], statistics["total_ips_scanned"], statistics["scanned"]) == (2, 2, 2)


def test_both(make: MAKE) -> None:
    gone = Target("gone.example", 2, "gone.example", "", 443)
    shown = made(
        "mixed_scan",
        [make(), of_address(make), Result(gone, 1.0, 0.0, failure=Failure("dns"))],
        FIGURES._replace(filtered=3),
    )
    assert len(shown["results"]["ips"]) == 1
    assert [one["hostname"] for one in shown["results"]["urls"]] == ["www.example.com"]
    statistics = shown["metadata"]["statistics"]
    assert (statistics["total_ips"], statistics["total_urls"], statistics["domains_filtered"]) == (1, 2, 3)
    assert shown["discovered_hosts"]["filtered_count"] == 3


def test_many_addresses_are_put_aside_on_disk(make: MAKE, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "IN_MEMORY", 1000)
    results = [of_address(make, f"192.0.2.{number}") for number in range(50)]
    assert len(made("ip_scan", results)["results"]) == 50


def test_one_that_is_not_wanted_any_more(make: MAKE) -> None:
    whole = Document("ip_scan")
    whole.take([of_address(make)])
    whole.close()
    whole.close()
    assert whole._aside.closed  # and with it its file on disk


def test_what_is_no_host_is_left_out(make: MAKE) -> None:
    names = ("192.0.2.7", "single", "co.uk", "a.b.co.uk", "bad_host!.example", "EXAMPLE.net")
    shown = made("ip_scan", [of_address(make, names=tuple(Found(name, "san") for name in names))])
    assert shown["discovered_hosts"]["hostnames"] == ["a.b.co.uk", "co.uk"]
    assert shown["discovered_hosts"]["tlds"] == ["b.co.uk", "example.net"]


def test_modes_are_three() -> None:
    assert document.MODES == ("ip_scan", "url_scan", "mixed_scan")
