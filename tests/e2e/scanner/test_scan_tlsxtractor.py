"""TLSXtractor's documented command lines, as they stand in its README but for addresses, give its document."""

from __future__ import annotations

import json
import shlex
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.conftest import Certhia
from tests.scanner.driving import until_cut
from tests.scanner.tls_servers import context, tls_server

pytestmark = pytest.mark.e2e

CONNECTION = ["ip", "port", "status", "sni", "domains", "domain_sources", "tls_version", "error", "certificate"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


@pytest.fixture
def written(certhia: Certhia, port: int) -> Certhia:
    """The files that its examples read."""
    (certhia.directory / "targets.txt").write_text("# ours\n127.0.0.1\n127.0.0.2\n")
    (certhia.directory / "urls.txt").write_text(f"https://localhost:{port}/path\nlocalhost:{port}\n")
    return certhia


def run(certhia: Certhia, port: int, line: str) -> dict[str, Any]:
    """Runs one of its command lines; gives the document."""
    given = shlex.split(line)
    assert given[:3] == ["python", "-m", "tlsxtractor"]
    program = certhia.done("scan", *given[3:], "--port", str(port), "--allow-private", "--state", str(certhia.state))
    assert program.out == ""
    document: dict[str, Any] = json.loads((certhia.directory / "results.json").read_text())
    assert [*document] == ["metadata", "results", "discovered_hosts"]
    assert [*document["metadata"]] == ["version", "scan_timestamp", "mode", "parameters", "statistics"]
    assert [*document["discovered_hosts"]][:5] == [
        "hostnames",
        "tlds",
        "wildcards",
        "total_hostnames",
        "total_tlds",
    ]
    return document


def test_a_cidr_range(written: Certhia, port: int) -> None:
    document = run(written, port, "python -m tlsxtractor --cidr 127.0.0.0/30 --output results.json")
    assert document["metadata"]["mode"] == "ip_scan"
    parameters = document["metadata"]["parameters"]
    assert parameters.pop("threads") > 0
    assert parameters == {"input": "127.0.0.0/30", "port": port, "timeout": 10, "retry": 0}
    by_address = {one["ip"]: one for one in document["results"]}
    assert len(by_address) == 4
    assert all([*one] == CONNECTION for one in by_address.values())
    good = by_address["127.0.0.1"]
    assert (good["status"], good["tls_version"], good["error"]) == ("success", "TLSv1.2", None)
    assert [*good["certificate"]] == ["subject", "san", "issuer", "validity"]
    assert [*good["certificate"]["validity"]] == ["not_before", "not_after"]
    assert by_address["127.0.0.2"]["status"] == "refused"
    assert document["discovered_hosts"]["hostnames"] == ["www.example.com"]
    assert document["discovered_hosts"]["wildcards"] == ["*.example.net"]


@pytest.mark.parametrize(
    "line",
    [
        "python -m tlsxtractor --ip-file targets.txt --output results.json",
        "python -m tlsxtractor --file targets.txt --output results.json",
        "python -m tlsxtractor -f targets.txt --threads 20 --rate-limit 5 -o results.json",
        "python -m tlsxtractor --file targets.txt --threads 10 --rate-limit 10 --timeout 5 --retry 3 -o results.json",
        "python -m tlsxtractor --file targets.txt --format json --log-level info --quiet --output results.json",
    ],
)
def test_a_file_of_addresses(written: Certhia, port: int, line: str) -> None:
    document = run(written, port, line)
    assert document["metadata"]["mode"] == "mixed_scan"
    assert [one["ip"] for one in document["results"]["ips"] if one["status"] == "success"] == ["127.0.0.1"]
    assert document["results"]["urls"] == []
    assert document["metadata"]["statistics"]["total_ips"] == 2


def test_a_file_of_urls(written: Certhia, port: int) -> None:
    document = run(written, port, "python -m tlsxtractor --url-file urls.txt --output results.json")
    urls = document["results"]["urls"]
    assert sorted(one["url"] for one in urls) == [f"https://localhost:{port}/path", f"localhost:{port}"]
    for one in urls:
        assert (one["hostname"], one["dns_status"], one["resolved_ips"]) == ("localhost", "success", ["127.0.0.1"])
        (connection,) = one["connections"]
        assert (connection["sni"], connection["status"]) == ("localhost", "success")
        assert connection["domain_sources"]["sni"] == ["localhost"]


@pytest.mark.parametrize(
    "more, wildcards, filtered",
    [
        ('--exclude-domains "*.cloudflare.com,cdn.example.com,*.example.net"', [], 1),
        ("--exclude-domains exclusions.txt", [], 1),
        ("--exclude-domains custom.txt --no-default-exclusions", ["*.example.net"], 0),
        ("--no-default-exclusions", ["*.example.net"], None),
    ],
)
def test_names_that_are_left_out(
    written: Certhia, port: int, more: str, wildcards: list[str], filtered: int | None
) -> None:
    (written.directory / "exclusions.txt").write_text("# Custom exclusions\n*.example.net\ntest.example.com\n")
    (written.directory / "custom.txt").write_text("*.dev.example.com\n")
    document = run(written, port, f"python -m tlsxtractor --cidr 127.0.0.1/32 {more} --output results.json")
    assert document["discovered_hosts"]["wildcards"] == wildcards
    assert document["discovered_hosts"].get("filtered_count") == filtered
    assert document["metadata"]["statistics"].get("domains_filtered") == filtered


@pytest.mark.parametrize(
    "line",
    [
        "python -m tlsxtractor --ip-file targets.txt --fetch-csp "
        '--exclude-domains "cloudflare.com,*.google.com" --output results.json',
        "python -m tlsxtractor --cidr 127.0.0.0/31 --fetch-csp --exclude-domains exclusions.txt --output results.json",
        "python -m tlsxtractor --file targets.txt --fetch-csp --threads 10 --rate-limit 10 --timeout 5 --retry 3 "
        "--output results.json",
        "python -m tlsxtractor --file targets.txt --fetch-csp --follow-redirects --follow-host-redirects "
        '--max-redirects 5 --include-domains "example.com,example.net" --ipv6 --output results.json',
    ],
)
def test_names_of_policies(written: Certhia, line: str) -> None:
    (written.directory / "exclusions.txt").write_text("*.example.net\n")
    policy = b"default-src 'self' api.example.com; img-src *.google.com"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Security-Policy: " + policy + b"\r\n\r\n"

    def web(peer: ssl.SSLSocket) -> None:
        peer.recv(4096)
        peer.sendall(answer)
        until_cut(peer)

    with tls_server(context(), after=web) as port:
        document = run(written, port, line)
    results = document["results"]
    addresses = results["ips"] if isinstance(results, dict) else results
    (good,) = [one for one in addresses if one["status"] == "success"]
    assert good["domain_sources"]["csp"][:1] == ["api.example.com"]
    assert "api.example.com" in document["discovered_hosts"]["hostnames"]


def test_its_document_on_standard_output(written: Certhia, port: int) -> None:
    given = ("--cidr", "127.0.0.1/32", "--port", str(port), "--allow-private", "--format", "json", "--quiet")
    program = written.done("scan", *given, "--state", str(written.state))
    assert json.loads(program.out)["metadata"]["statistics"]["successful"] == 1
