"""`certhia scan` and `certhia tls` against OpenSSL's own server."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.e2e.conftest import Certhia
from tests.e2e.program import CERTHIA, DEADLINE

from certhia.scanner.report.schema import schema
from certhia.testing import CA
from certhia.testing.ca import pem

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")]

Start = Callable[..., int]


@pytest.fixture(scope="module")
def authority() -> CA:
    return CA("s_server")


@pytest.fixture
def server(authority: CA, tmp_path: Path) -> Iterator[Start]:
    """Starts `openssl s_server` with a certificate of the CA; gives its port."""
    running = []

    def start(*options: str) -> int:
        issued = authority.issue(["www.example.com", "*.example.net"], ["127.0.0.1"], organization="Example")
        key = authority.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "cert.pem").write_text(issued.pem)
        (tmp_path / "chain.pem").write_text(pem(authority.intermediate))
        (tmp_path / "key.pem").write_bytes(key)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port: int = free.getsockname()[1]
        files = ("-cert", "cert.pem", "-cert_chain", "chain.pem", "-key", "key.pem")
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", *files, "-www", "-quiet", *options]
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(command, cwd=tmp_path, stdin=quiet, stdout=quiet, stderr=quiet))
        end = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert time.monotonic() < end, "openssl s_server does not begin to listen"
                assert running[-1].poll() is None, "openssl s_server ended"
                continue
            return port

    yield start
    for process in running:
        process.kill()
        process.wait(DEADLINE)


def scanned(certhia: Certhia, port: int, *more: str) -> dict[str, object]:
    """The one result of a scan."""
    program = certhia.done("scan", f"127.0.0.1:{port}", "--allow-private", "--state", str(certhia.state), *more)
    (result,) = program.records
    jsonschema.validate(result, schema())
    return result


def test_a_server_of_tls_1_2(certhia: Certhia, server: Start) -> None:
    result = scanned(certhia, server("-tls1_2"))
    assert (result["error"], result["version"], result["complete"]) == (None, "TLS 1.2", False)
    certificate = result["certificate"]
    assert isinstance(certificate, dict)
    assert certificate["names"] == ["www.example.com", "*.example.net", "127.0.0.1"]
    assert len(result["chain"]) == 1  # type: ignore[arg-type]


def test_a_server_that_only_speaks_tls_1_3(certhia: Certhia, server: Start) -> None:
    result = scanned(certhia, server("-tls1_3"))
    assert (result["error"], result["version"], result["complete"]) == (None, "TLS 1.3", True)
    assert result["domains"] == ["example.com", "example.net"]


def test_a_server_that_wants_a_client_certificate(certhia: Certhia, server: Start) -> None:
    result = scanned(certhia, server("-tls1_2", "-Verify", "1"))
    assert result["client_certificate"] is True
    assert result["certificate"] is not None


def test_the_same_by_the_installed_program(certhia: Certhia, server: Start) -> None:
    port = server("-tls1_2")
    program = certhia.installed("scan", f"127.0.0.1:{port}", "--allow-private", "--state", str(certhia.state))
    assert program.end() == 0, program.err
    (result,) = program.records
    assert result["port"] == port


def test_one_server_as_a_page(certhia: Certhia, server: Start, authority: CA, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text(pem(authority.root))
    port = server()
    page = certhia.done("tls", f"127.0.0.1:{port}", "--roots", "roots.pem")
    assert "TLS 1.3" in page.out
    assert "all signatures hold" in page.out
    untrusted = certhia.done("tls", f"127.0.0.1:{port}", status=1)
    assert "untrusted" in untrusted.out


def test_what_it_would_speak_and_its_fingerprints(certhia: Certhia, server: Start) -> None:
    result = scanned(certhia, server("-tls1_2"), "--enumerate", "--fingerprints", "--timeout", "30s")
    supported = result["supported"]
    assert isinstance(supported, dict)
    assert supported["versions"] == ["TLS 1.2"]
    assert "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in supported["ciphers"]["TLS 1.2"]
    assert len(str(result["jarm"])) == 62
    assert len(str(result["ja3s"])) == 32


def test_the_same_certificate_as_openssl_sees(certhia: Certhia, server: Start, tmp_path: Path) -> None:
    port = server("-tls1_2")
    shown = certhia.done("tls", f"127.0.0.1:{port}", "--format", "pem", status=1).out
    asked = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
        input=shown,
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )
    fingerprint = asked.stdout.partition("=")[2].strip().replace(":", "").lower()
    result = scanned(certhia, port)
    assert json.loads(json.dumps(result["certificate"]))["sha256"] == fingerprint


def test_targets_of_a_pipe_are_asked_as_they_come(certhia: Certhia, server: Start) -> None:
    port = server("-tls1_2")
    command = [str(CERTHIA), "scan", "-f", "-", "--allow-private", "--state", str(certhia.state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=certhia.directory) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for address in ("127.0.0.1", "localhost"):
            program.stdin.write(f"{address}:{port}\n".encode())
            program.stdin.flush()
            assert json.loads(program.stdout.readline())["target"] == f"{address}:{port}"
        program.stdin.close()
        assert program.wait(DEADLINE) == 0
