"""Whole handshakes with `openssl s_server`, Python's own TLS and the testing CA's certificates."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.core.archives import members

from certhia import Malformed
from certhia._core import Handshake, cipher_name, group_name
from certhia.testing import CA

KINDS = {
    "rsa": ("-newkey", "rsa:2048"),
    "small": ("-newkey", "rsa:1024"),
    "pss": ("-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "p521": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
    "ed25519": ("-newkey", "ed25519"),
    "ed448": ("-newkey", "ed448"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and certificates of all kinds."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl on this machine (apt install openssl)")
    folder = tmp_path_factory.mktemp("servers")
    for kind, options in KINDS.items():
        files = ("-keyout", f"{kind}.key", "-out", f"{kind}.pem")
        made = (program, "req", "-x509", *options, "-nodes", *files, "-subj", f"/CN={kind}.example")
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    ca = CA("handshake")
    issued = ca.issue(["www.example.com"])
    expired = ca.issue(["old.example.com"], not_before=1_000_000_000)
    key = ca.leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, certificate in (("issued", issued), ("expired", expired)):
        (folder / f"{name}.pem").write_text(certificate.pem, encoding="ascii")
        (folder / f"{name}.key").write_bytes(key)
    (folder / "root.pem").write_text(ca.root_pem, encoding="ascii")
    (folder / "response").write_bytes(b"\x30\x03\x0a\x01\x03")  # OCSPResponse: tryLater
    return folder


@contextmanager
def serving(folder: Path, kind: str, *options: str) -> Iterator[int]:
    """An `openssl s_server`; gives its port."""
    command = ("openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", f"{kind}.pem", "-key", f"{kind}.key", *options)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, **pipes) as server:  # type: ignore[call-overload]
        try:
            yield _port(server.stdout)
        finally:
            server.kill()


def _port(lines: Iterable[bytes]) -> int:
    for line in lines:
        if line.startswith(b"ACCEPT 127.0.0.1:"):
            return int(line.rpartition(b":")[2])
    pytest.fail("openssl s_server did not start")


def shake(port: int, handshake: Handshake, ask: bytes = b"") -> bytes:
    """Completes it, sends `ask`, and gives what is answered under it."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(handshake.outgoing())
        while handshake.state == "more" and (data := connection.recv(4_096)):
            handshake.feed(data)
            connection.sendall(handshake.outgoing())
        if ask and handshake.state == "done":
            handshake.send(ask)
            connection.sendall(handshake.outgoing())
            while not handshake.closed and (data := connection.recv(4_096)):
                handshake.feed(data)
                answer += handshake.received()
    return answer


def leaf(folder: Path, kind: str) -> bytes:
    text = (folder / f"{kind}.pem").read_text(encoding="ascii")
    return ssl.PEM_cert_to_DER_cert(text[: text.index("-----END") + 26])


@pytest.mark.parametrize("version, number", [("-tls1_2", 0x0303), ("-tls1_3", 0x0304)])
@pytest.mark.parametrize(
    "kind, signature",
    [
        ("rsa", "good"),
        ("p256", "good"),
        ("p384", "good"),
        ("ed25519", "good"),
        ("expired", "good"),
        ("small", "unchecked"),
    ],
)
def test_every_kind_of_key(folder: Path, kind: str, signature: str, version: str, number: int) -> None:
    lenient = ("-cipher", "ALL@SECLEVEL=0")
    with serving(folder, kind, version, *lenient, "-alpn", "h2", "-status_file", "response") as port:
        handshake = Handshake("www.example.com", alpn=["http/1.1", "h2"])
        shake(port, handshake)
    assert (handshake.state, handshake.fault) == ("done", None)
    assert (handshake.version, handshake.alpn) == (number, "h2")
    assert (handshake.certificates, handshake.signature) == ([leaf(folder, kind)], signature)
    assert (handshake.staple, handshake.scts) == (b"\x30\x03\x0a\x01\x03", [])
    assert (group_name(handshake.group or 0), handshake.client_certificate) == ("x25519", False)
    assert "ECDHE" in cipher_name(handshake.cipher or 0) or number == 0x0304
    assert handshake.ja3s is not None
    assert handshake.ja3s.startswith("771,")
    assert len(handshake.ja3s_hash or "") == 32


@pytest.mark.parametrize("kind", ["pss", "ed448", "p521"])
def test_keys_that_cannot_be_checked_are_shown(folder: Path, kind: str) -> None:
    with serving(folder, kind, "-tls1_3") as port:
        handshake = Handshake(None)
        shake(port, handshake)
    assert (handshake.certificates, handshake.signature) == ([leaf(folder, kind)], "unchecked")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_client_certificate_is_wanted(folder: Path, version: str) -> None:
    with serving(folder, "p256", version, "-verify", "2") as port:
        handshake = Handshake(None)
        shake(port, handshake)
    assert (handshake.state, handshake.client_certificate, handshake.signature) == ("done", True, "good")
    with serving(folder, "p256", version, "-Verify", "2") as port:
        handshake = Handshake(None)
        shake(port, handshake, b"x")
    assert handshake.client_certificate
    assert handshake.certificates == [leaf(folder, "p256")]
    refused = {"-tls1_2": "handshake_failure", "-tls1_3": "certificate_required"}[version]
    assert (handshake.state, handshake.fault) == ("failed", ("alert", refused))


def test_the_versions_that_are_offered(folder: Path) -> None:
    with serving(folder, "p256") as port:
        for versions, number in (("1.2", 0x0303), ("1.3", 0x0304), ("1.2+1.3", 0x0304)):
            handshake = Handshake(None, versions=versions)
            shake(port, handshake)
            assert handshake.version == number
    with serving(folder, "p256", "-tls1_2") as port:
        handshake = Handshake(None, versions="1.3")
        shake(port, handshake)
    assert (handshake.fault, handshake.alert) == (("alert", "protocol_version"), (2, 70))
    with pytest.raises(ValueError, match=r'not "1\.1"'):
        Handshake(None, versions="1.1")


def test_a_server_that_wants_another_group(folder: Path) -> None:
    with serving(folder, "p256", "-tls1_3", "-groups", "P-384") as port:
        handshake = Handshake(None)
        shake(port, handshake)
    assert (handshake.state, handshake.group, len(handshake.certificates)) == ("done", 24, 1)


def test_old_suites_are_for_another(folder: Path) -> None:
    with serving(folder, "rsa", "-tls1_2", "-cipher", "AES128-SHA") as port:
        handshake = Handshake(None)
        shake(port, handshake)
    assert handshake.fault == ("alert", "handshake_failure")


def test_the_whole_chain_is_shown(folder: Path) -> None:
    with serving(folder, "issued", "-cert_chain", "root.pem") as port:
        handshake = Handshake("www.example.com")
        shake(port, handshake)
    assert handshake.certificates == [leaf(folder, "issued"), leaf(folder, "root")]
    assert handshake.signature == "good"


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_what_is_said_under_it(folder: Path, version: str) -> None:
    with serving(folder, "rsa", version, "-www") as port:
        handshake = Handshake("www.example.com")
        answer = shake(port, handshake, b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 ok\r\n")
    assert b"Ciphers supported" in answer
    handshake.close()
    assert handshake.outgoing()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_an_early_end(folder: Path, version: str) -> None:
    with serving(folder, "rsa", version) as port:
        handshake = Handshake(None, whole=False)
        shake(port, handshake)
    assert (handshake.state, handshake.fault, handshake.signature) == ("done", None, "unchecked")
    assert (handshake.certificates, handshake.outgoing()) == ([leaf(folder, "rsa")], b"")


def test_names_that_sni_cannot_carry() -> None:
    assert b"www.example.com" in Handshake("www.example.com").outgoing()
    assert b"192.0.2.1" not in Handshake("192.0.2.1").outgoing()
    with pytest.raises(Malformed, match='"a b" is no host name'):
        Handshake("a b")


def test_no_two_hellos_are_alike() -> None:
    assert len({Handshake(None).outgoing() for _ in range(20)}) == 20


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_are_taken(parts: list[bytes]) -> None:
    handshake = Handshake("www.example.com")
    for part in parts:
        assert handshake.feed(part) in ("more", "failed")
    assert (handshake.state == "failed") == (handshake.fault is not None)
    assert handshake.received() == b""
    assert isinstance(handshake.outgoing(), bytes)


def test_what_fuzzers_kept_is_taken(corpus: Path) -> None:
    """Streams of TLS libraries' own fuzzers, said to a client that expects a server."""
    archive = corpus / "hostile.tar.zst"
    if not archive.exists():
        pytest.skip(f"no {archive}")
    kinds: Counter[str] = Counter()
    for _, data in members(archive):
        if b"\x16\x03" not in data[:64]:
            continue
        whole = len(data) % 2 == 0
        handshake = Handshake("www.example.com", whole=whole)
        begin = data.index(b"\x16\x03")
        for start in range(begin, len(data), 1_000):
            handshake.feed(data[start : start + 1_000])
        kinds[handshake.fault[0] if handshake.fault else handshake.state] += 1
        # Nobody can end a handshake who didn't see this one begin; certificates in the clear can be shown again.
        assert handshake.state != "done" or (not whole and handshake.version == 0x0303 and handshake.certificates)
        assert isinstance(handshake.certificates, list)
        assert isinstance(handshake.outgoing(), bytes)
    assert set(kinds) <= {"more", "done", "not-tls", "malformed", "alert", "too-large"}
    assert sum(kinds.values()) > 1_000
