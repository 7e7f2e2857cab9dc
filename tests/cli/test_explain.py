"""`certhia explain`: what rules find in certificates and names, without a log."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Command

from certhia.testing.ca import CA, pem

AUTHORITY = CA("explain", organization="Example Trust")
ISSUED = AUTHORITY.issue(["www.example.com", "*.example.org"], ["192.0.2.7"], not_before=1_780_000_000, days=90)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "cert.pem"
    path.write_text(ISSUED.pem)
    return path


def test_a_name(certhia: Command) -> None:
    done = certhia("explain", "www.example.co.uk", "-r", "example.co.uk", "-r", "=www.example.co.uk")
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "www.example.co.uk",
        "  registrable  example.co.uk",
        "  matches      example.co.uk: www.example.co.uk is below example.co.uk",
        "               =www.example.co.uk: www.example.co.uk is www.example.co.uk itself",
    ]


def test_nothing_matches(certhia: Command) -> None:
    done = certhia("explain", "co.uk", "192.0.2.8", "-r", "192.0.2.7")
    assert done.status == 1
    assert done.out.splitlines() == [
        "co.uk",
        "  registrable  no registrable domain",
        "  no rule matches",
        "",
        "192.0.2.8",
        "  registrable  no registrable domain",
        "  no rule matches",
    ]


def test_a_certificate(certhia: Command, certificate: Path) -> None:
    done = certhia("explain", certificate, "--rule", "a.example.org", "--rule", "192.0.2.0/24")
    assert done.status == 0
    first, second = done.out.split("\n\n")
    assert first.splitlines()[0] == f"{certificate}, certificate 1"
    for line in (
        "  names        www.example.com, *.example.org, 192.0.2.7",
        "  issuer       ",
        "  valid        2026-05-28T20:26:40",
        f"  certificate  SHA-256 {ISSUED.sha256.hex()}",
        "  registrable  example.com, example.org",
        "  matches      a.example.org: *.example.org reaches a.example.org (SAN)",
        "               192.0.2.0/24: 192.0.2.7 is in 192.0.2.0/24 (IP SAN)",
    ):
        assert f"\n{line}" in first
    assert second.splitlines()[0] == f"{certificate}, certificate 2"
    assert "no rule matches" in second
    assert "\n  certificate  of a CA, SHA-256 " in second


@pytest.mark.parametrize("form", ["der", "pem", "base64"])
def test_standard_input(certhia: Command, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    raw = {"der": ISSUED.der, "pem": pem(ISSUED.der).encode(), "base64": base64.b64encode(ISSUED.der)}[form]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    done = certhia("explain", "-", "-r", "example.com", "--json")
    assert done.status == 0
    (told,) = map(json.loads, done.out.splitlines())
    assert told["certificate"]["sha256"] == ISSUED.sha256.hex()
    assert told["certificate"]["not_before"] == 1_780_000_000
    assert told["registrable_domains"] == ["example.com", "example.org"]
    assert (told["matched"], [rule["why"] for rule in told["rules"]]) == (True, ["below"])
    assert told["rules"][0]["sentence"] == "www.example.com is below example.com"


def test_what_is_left_out(certhia: Command, tmp_path: Path) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text('[Acme]\nplatform = "h1"\ndomains = ["acme.example"]\nout_of_scope = ["shop.acme.example"]\n')
    done = certhia("explain", "a.shop.acme.example", "-w", scope, "-r", "!kw:test")
    assert done.status == 1
    assert done.out.splitlines()[2:] == [
        "  left out     acme.example (Acme, h1): a.shop.acme.example is below acme.example; "
        "but out of scope of Acme: shop.acme.example",
        "  no rule matches, but for what is left out",
    ]
    done = certhia("explain", "a.shop.acme.example", "-w", scope, "--json")
    (left_out,) = json.loads(done.out)["excluded"]
    assert left_out["by"] == [{"rule": "shop.acme.example", "programme": "Acme", "out_of_scope": True}]


def test_without_rules_those_of_the_settings_are_tried(certhia: Command, tmp_path: Path) -> None:
    settings = tmp_path / "certhia.toml"
    settings.write_text('[watch]\nrules = ["a.example"]\n')
    assert certhia("explain", "x.a.example", "--config", settings).status == 0
    assert certhia("explain", "x.a.example", "--config", settings, "-r", "b.example").status == 1


def test_one_that_matches_is_enough(certhia: Command) -> None:
    assert certhia("explain", "a.example", "b.example", "-r", "b.example").status == 0


def test_a_name_longer_than_any_file_name(certhia: Command) -> None:
    assert certhia("explain", f"{'a' * 5000}.a.example", "-r", "a.example").status == 0


def test_notices_go_to_stderr(certhia: Command) -> None:
    done = certhia("explain", "www.co.uk", "-r", "co.uk")
    assert done.status == 0
    assert '"co.uk" is a suffix like com or co.uk' in done.err


@pytest.mark.parametrize(
    "arguments, problem",
    [
        (["a.example"], "there are no rules to try: give some with -w FILE or -r RULE"),
        (["./missing.pem", "-r", "a.example"], '"./missing.pem" is neither a file nor a name'),
        (["https://a.example/x", "-r", "a.example"], "is neither a file nor a name; give its host, a.example"),
        (["", "-r", "a.example"], '"" is neither a file nor a name'),
        (["a.example", "-r", "a b"], 'the rule "a b" has a space in it'),
        (["a.example", "-r", "!a.example"], "there are only exclusions"),
        ([__file__, "-r", "a.example"], "holds no certificate: neither DER nor PEM nor base64 of one"),
    ],
)
def test_what_makes_no_sense(certhia: Command, arguments: list[str], problem: str) -> None:
    done = certhia("explain", *arguments)
    assert (done.status, done.out) == (2, "")
    assert problem in done.err


def test_a_strangers_text_is_shown_inert(certhia: Command, tmp_path: Path) -> None:
    path = tmp_path / "evil.der"
    path.write_bytes(AUTHORITY.issue(["\x1b[31m.example.com"], organization="\u202eevil\x07").der)
    done = certhia("explain", path, "\x1b]0;x", "-r", "example.com")
    assert done.out.replace("\n", "").isprintable()
    assert done.status == 0
