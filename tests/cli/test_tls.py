"""`certhia tls`, from the command line to the end."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.scanner.driving import until_cut
from tests.scanner.tls_servers import authority, context, tls_server

from certhia.testing.ca import pem


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with tls_server(context()) as number:
        yield number


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    path = tmp_path / "roots.pem"
    path.write_text(pem(authority()[0].root))
    return path


def test_a_page(certhia: Command, port: int) -> None:
    done = certhia("tls", f"127.0.0.1:{port}")
    assert done.status == 1, "it is not trusted"
    assert "TLS 1.3" in done.out
    assert "www.example.com, *.example.net" in done.out
    assert "untrusted" in done.out
    assert "\x1b" not in done.out, "not on a terminal"


def test_a_server_that_is_trusted(certhia: Command, port: int, roots: Path) -> None:
    done = certhia("tls", f"127.0.0.1:{port}", "--roots", roots)
    assert (done.status, done.err) == (0, ""), done.out
    assert "all signatures hold" in done.out
    assert "mismatched" not in done.out, "the certificate is for the address"


def test_no_signatures(certhia: Command, port: int, roots: Path) -> None:
    done = certhia("tls", f"127.0.0.1:{port}", "--roots", roots, "--no-verify")
    assert "leads to       CN=" in done.out
    assert "by names: no signature was checked" in done.out
    assert "trusted" not in done.out


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
@pytest.mark.parametrize("command", ["tls", "scan"])
def test_a_server_without_a_certificate(
    certhia: Command, command: str, version: ssl.TLSVersion, tmp_path: Path
) -> None:
    """An anonymous key exchange: whoever is on the way can be the server."""
    speaks = context(version, version, ciphers="aNULL:@SECLEVEL=0")
    with tls_server(speaks) as port:
        if command == "tls":
            done = certhia("tls", f"127.0.0.1:{port}")
            assert done.status == 1
            assert "anonymous" in done.out
            assert "nothing holds" not in done.out
        else:
            state = tmp_path / "state"
            done = certhia("scan", f"127.0.0.1:{port}", "--full", "--allow-private", "--state", state)
            (verdict,) = json.loads(done.out)["verdicts"]
            assert (verdict["kind"], verdict["severity"]) == ("anonymous", "high")
            assert "_anon_" in verdict["detail"]


def test_as_json(certhia: Command, port: int) -> None:
    shown = json.loads(certhia("tls", f"127.0.0.1:{port}", "--format", "json").out)
    assert (shown["complete"], shown["version"], shown["trust"]["trusted"]) == (True, "TLS 1.3", False)


def test_its_page_and_policies(certhia: Command) -> None:
    policy = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Security-Policy: img-src cdn.example.org\r\n\r\n"

    def web(peer: ssl.SSLSocket) -> None:
        peer.recv(4096)
        peer.sendall(policy)
        until_cut(peer)

    with tls_server(context(), after=web) as port:
        done = certhia("tls", f"127.0.0.1:{port}", "--http")
    assert "header: img-src cdn.example.org" in done.out
    assert "csp            cdn.example.org" in done.out


def test_certificates(certhia: Command, port: int) -> None:
    done = certhia("tls", f"127.0.0.1:{port}", "--format", "pem")
    first, second = done.out.split("-----END CERTIFICATE-----\n")[:2]
    assert ssl.PEM_cert_to_DER_cert(first + "-----END CERTIFICATE-----\n") == authority()[1].der
    assert second.startswith("-----BEGIN")


def test_nobody_listens(certhia: Command) -> None:
    done = certhia("tls", "127.0.0.1:1")
    assert (done.status, done.out) == (1, "127.0.0.1:1\nrefused at connect\n")


def test_what_makes_no_sense(certhia: Command) -> None:
    assert "is no format; write human, json or pem" in certhia("tls", "192.0.2.1", "--format", "xml").err
    assert certhia("tls", "192.0.2.1", "--format", "xml").status == 2
    done = certhia("tls", "a..example")
    assert done.status != 0
    assert "empty label" in done.err
