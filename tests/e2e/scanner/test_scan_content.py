"""`certhia scan --http`, `--scripts`, `--follow`: pages and the names in them, by the program."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema
import pytest
from tests.e2e.conftest import Certhia
from tests.scanner.content.sites import answer, leading, site

from certhia.scanner.report.schema import schema
from certhia.testing.dns import FakeDns

pytestmark = pytest.mark.e2e

HTML = "Content-Type: text/html"


def results(certhia: Certhia, *line: str) -> list[dict[str, Any]]:
    """Runs a scan; gives its lines, each as the schema says."""
    program = certhia.done("scan", *line, "--allow-private", "--state", str(certhia.state))
    found = [json.loads(one) for one in program.out.splitlines()]
    for one in found:
        jsonschema.validate(one, schema())
    return found


def names(result: dict[str, Any]) -> list[tuple[str, str, float]]:
    """Those that are not of the certificate."""
    return [
        (one["name"], one["source"], one["confidence"])
        for one in result["names"]
        if one["source"] not in ("san", "cn", "sni")
    ]


def test_a_page_its_policies_and_its_scripts(certhia: Certhia) -> None:
    page = answer(
        b"<script src=/app.js></script>",
        HTML,
        "Content-Security-Policy: default-src 'self' static.example.net *.cloudfront.net; "
        "report-uri https://r.example.org/x",
    )
    pages = {"/": leading("/start"), "/start": page, "/app.js": answer(b'get("https://api.example.com/v1")')}
    with site(pages) as (server, port):
        (result,) = results(certhia, f"localhost:{port}", "--scripts", "--follow-host")
        assert server.asked == [(1, "/"), (1, "/start"), (1, "/app.js")]
    here = f"https://localhost:{port}"
    assert result["error"] is None
    assert result["http"]["status"] == 200
    assert result["http"]["redirects"] == [f"{here}/start"]
    assert result["http"]["scripts"] == [f"{here}/app.js"]
    assert names(result) == [
        ("static.example.net", "csp", 1.0),
        ("r.example.org", "csp", 1.0),
        ("api.example.com", "script", 0.9),
    ], "names of delivery networks are left out"


def test_names_alone(certhia: Certhia) -> None:
    page = answer(b"", "Content-Security-Policy: img-src a.example.org *.cloudfront.net")
    with site({"/": page}) as (_, port):
        line = ("scan", f"127.0.0.1:{port}", "--http", "--allow-private", "--state", str(certhia.state))
        program = certhia.done(*line, "--format", "domains", "--no-default-exclusions")
    assert {"a.example.org", "*.cloudfront.net", "www.example.com"} < {*program.out.split()}


async def test_redirects_to_other_hosts_are_targets_and_never_inside(certhia: Certhia) -> None:
    dns = FakeDns()
    dns.add("trap.example", "169.254.169.254")
    dns.add("inside.example", "127.0.0.1")
    with site({"/": leading("https://trap.example/latest"), "/b": leading("https://inside.example/")}) as (
        server,
        port,
    ):
        async with dns.serve() as resolver:
            line = (f"https://127.0.0.1:{port}/", f"https://127.0.0.1:{port}/b", "--resolver", resolver, "--follow")
            found = await asyncio.to_thread(results, certhia, *line)
    assert len(server.asked) == 2
    assert sorted(one["http"]["location"] for one in found if one["http"]) == [
        "https://inside.example/",
        "https://trap.example/latest",
    ]
    assert sorted((one["host"], one["port"], one["error"]["detail"]) for one in found if one["error"]) == [
        ("inside.example", 443, "127.0.0.1: loopback"),
        ("trap.example", 443, "169.254.169.254: a cloud's metadata service"),
    ]
