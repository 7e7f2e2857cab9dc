"""Hellos to `openssl s_server`, and what it answers."""

from __future__ import annotations

import hashlib
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests.core.fingerprinting import independent

from certhia._core import Flight, Hello, Jarm, cipher_name, group_name, signature_scheme_name

RANDOM = bytes(range(64))
SERVER_INFO = b"\0\x12\0\x07\0\x05\0\x03sct"  # extension 18 as a certificate's server info has it
ANY = "ALL@SECLEVEL=0"

SUITE = re.compile(r"0x(..),0x(..) - (\S+)")

Serve = Callable[..., AbstractContextManager[int]]


@pytest.fixture(scope="module")
def program() -> str:
    found = shutil.which("openssl")
    if found is None:
        pytest.skip("no openssl on this machine (apt install openssl)")
    return found


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, program: str) -> Serve:
    """Starts a server with a key of a kind and more options; gives its port."""
    folder = tmp_path_factory.mktemp("servers")
    keys = {"rsa": ("rsa:2048",), "ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
    for kind, options in keys.items():
        files = ("-keyout", f"{kind}.key", "-out", f"{kind}.pem")
        made = (program, "req", "-x509", "-newkey", *options, "-nodes", *files, "-subj", "/CN=localhost")
        subprocess.run(made, cwd=folder, check=True, capture_output=True)
    (folder / "response").write_bytes(b"\x30\x03\x0a\x01\x03")  # OCSPResponse: tryLater
    pem = ssl.DER_cert_to_PEM_cert(SERVER_INFO).replace("CERTIFICATE", "SERVERINFO FOR SCT")
    (folder / "info").write_text(pem, encoding="ascii")

    @contextmanager
    def start(kind: str, *options: str) -> Iterator[int]:
        command = (program, "s_server", "-accept", "127.0.0.1:0", "-cert", f"{kind}.pem", "-key", f"{kind}.key")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen((*command, *options), cwd=folder, **pipes) as server:  # type: ignore[call-overload]
            try:
                yield _port(server.stdout)
            finally:
                server.kill()

    return start


def _port(lines: Iterable[bytes]) -> int:
    for line in lines:
        if line.startswith(b"ACCEPT 127.0.0.1:"):
            return int(line.rpartition(b":")[2])
    pytest.fail("openssl s_server did not start")


def ask(port: int, hello: Hello) -> Flight:
    """What the server says to a hello."""
    return flight_of(exchange(port, hello))


def flight_of(sent: bytes) -> Flight:
    """The same, of bytes."""
    flight = Flight()
    flight.feed(sent)
    return flight


def exchange(port: int, hello: Hello) -> bytes:
    """The bytes of that."""
    flight, sent = Flight(), b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(hello.make("localhost", RANDOM))
        while flight.state == "more" and (data := connection.recv(65_536)):
            sent += data
            flight.feed(data)
    return sent


def jarm(port: int) -> str:
    """The server's fingerprint, each answer read as it comes."""
    answers = []
    for probe in Jarm.probes("127.0.0.1", RANDOM):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(probe)
            answers.append(Jarm.answer(connection.recv(1484)))
    return Jarm.fingerprint(answers)


def served(port: int) -> bytes:
    """The certificate as Python's own TLS sees it."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port), timeout=10))


@pytest.mark.parametrize(
    "kind, cipher, scheme",
    [
        ("rsa", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa_pss_rsae_sha256"),
        ("ec", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ecdsa_secp256r1_sha256"),
    ],
)
def test_tls_1_2(serve: Serve, kind: str, cipher: str, scheme: str) -> None:
    options = ("-tls1_2", "-alpn", "h2,http/1.1", "-status_file", "response", "-serverinfo", "info")
    with serve(kind, *options) as port:
        flight = ask(port, Hello(alpn=["http/1.1", "h2"]))
        assert flight.certificates == [served(port)]
    assert (flight.state, flight.version, flight.client_certificate) == ("done", 0x0303, False)
    assert (cipher_name(flight.cipher or 0), signature_scheme_name(flight.signature_scheme or 0)) == (cipher, scheme)
    assert (group_name(flight.group or 0), flight.alpn) == ("x25519", "h2")
    assert (flight.staple, flight.scts) == (b"\x30\x03\x0a\x01\x03", [b"sct"])
    assert {5, 16, 18, 23, 65281} <= set(flight.extensions)


@pytest.mark.parametrize("option, version", [("-tls1", 0x0301), ("-tls1_1", 0x0302)])
def test_old_versions(serve: Serve, option: str, version: int) -> None:
    with serve("rsa", option, "-cipher", ANY) as port:
        flight = ask(port, Hello())
    assert (flight.state, flight.version, len(flight.certificates)) == ("done", version, 1)


def test_tls_1_3(serve: Serve) -> None:
    with serve("rsa", "-tls1_3") as port:
        refused = ask(port, Hello())
        agreed = ask(port, Hello(versions=(0x0301, 0x0304)))
        retried = ask(port, Hello(versions=(0x0304, 0x0304), groups=[24], ciphers=[0x1302]))
        foreign = ask(port, Hello(versions=(0x0304, 0x0304), groups=[22]))
    assert (refused.state, refused.fault) == ("failed", ("alert", "protocol_version"))
    assert (agreed.state, agreed.version, agreed.group, agreed.retry) == ("done", 0x0304, 29, False)
    assert (retried.version, retried.group, retried.retry, retried.cipher) == (0x0304, 24, True, 0x1302)
    assert foreign.fault == ("alert", "handshake_failure")


def test_a_client_certificate_is_wanted(serve: Serve) -> None:
    with serve("rsa", "-Verify", "1") as port:
        flight = ask(port, Hello())
    assert (flight.client_certificate, flight.version, flight.higher_version) == (True, 0x0303, 0x0304)


def test_diffie_hellman(serve: Serve) -> None:
    with serve("rsa", "-tls1_2", "-cipher", "DHE") as port:
        flight = ask(port, Hello())
    assert (flight.group, flight.prime_bits) == (None, 2048)
    assert signature_scheme_name(flight.signature_scheme or 0) == "rsa_pss_rsae_sha256"


def test_a_group_of_the_servers_choice(serve: Serve) -> None:
    with serve("ec", "-tls1_2", "-curves", "P-384") as port:
        assert ask(port, Hello()).group == 24


def test_each_suite_can_be_asked_for(serve: Serve) -> None:
    suites = (0xC02F, 0xC030, 0x009C, 0x003D, 0x002F, 0xC013, 0xCCA8)
    with serve("rsa", "-tls1_2", "-cipher", ANY) as port:
        assert [ask(port, Hello(ciphers=[suite])).cipher for suite in suites] == list(suites)
        assert ask(port, Hello(ciphers=[0xC02B])).fault == ("alert", "handshake_failure")


def test_an_old_hello_without_extensions(serve: Serve) -> None:
    with serve("rsa", "-tls1_2", "-cipher", ANY) as port:
        flight = ask(port, Hello(extensions=False))
    assert (flight.state, flight.version, flight.extensions) == ("done", 0x0303, [65281])


def test_fingerprints(serve: Serve, program: str) -> None:
    """Those of pyjarm 0.0.5 for the same servers; the first is in JARM's own list, for what OpenSSL does unless told
    otherwise."""
    version = subprocess.check_output((program, "version"), text=True).strip()
    if not version.startswith("OpenSSL 3.0."):
        pytest.skip(f"the fingerprints are those of OpenSSL 3.0, and this is {version}")
    with serve("rsa") as port:
        assert jarm(port) == "07d14d16d21d21d00042d43d000000aa99ce74e2c6d013c745aa52b5cc042d"
        flight = ask(port, Hello(versions=(0x0303, 0x0304)))
    with serve("ec", "-tls1_2", "-serverpref") as port:
        assert jarm(port) == "28d28d28d00028d00028d28d28d28d02098c5f1b1aef82f7daaf9fed36c4e8"
    with serve("rsa", "-tls1_3") as port:
        assert jarm(port) == "00000000000000000042d43d0000009535d5979f591ae8e547c5e5743e5b64"
    assert (flight.ja3s, flight.ja3s_hash) == ("771,4865,43-51", "f4febc55ea12b31ae17cfb7e614afda8")


@pytest.mark.slow
@pytest.mark.timeout(240)  # the first of them waits for the installation of the other tools
@pytest.mark.parametrize(
    "kind, options",
    [
        ("rsa", ()),
        ("rsa", ("-tls1", "-cipher", ANY)),
        ("rsa", ("-tls1_2", "-serverpref", "-status_file", "response", "-serverinfo", "info")),
        ("ec", ("-tls1_2", "-alpn", "h2,http/1.1")),
        ("ec", ("-tls1_3", "-alpn", "h2,http/1.1", "-curves", "P-384")),
    ],
)
def test_fingerprints_as_other_tools_have_them(serve: Serve, kind: str, options: Sequence[str]) -> None:
    with serve(kind, *options) as port:
        ours = jarm(port)
        assert ours.strip("0")
        assert independent.jarm(port) == ours
        hellos = (Hello(alpn=["h2"]), Hello(versions=(0x0301, 0x0304), groups=[24, 23]))
        answers = [exchange(port, hello) for hello in hellos]
    flights = [flight_of(sent) for sent in answers]
    told = {flight.ja3s: (flight.ja3s_hash, sent) for flight, sent in zip(flights, answers, strict=True) if flight.ja3s}
    assert told
    for text, (digest, sent) in told.items():
        assert independent.ja3s(sent) == text
        assert hashlib.md5(text.encode()).hexdigest() == digest


def test_names_are_those_of_openssl(program: str) -> None:
    listed = subprocess.check_output((program, "ciphers", "-V", "-stdname", f"ALL:COMPLEMENTOF{ANY}"), text=True)
    suites = {int(high + low, 16): name for high, low, name in SUITE.findall(listed)}
    assert {number: cipher_name(number) for number in suites} == suites
    assert len(suites) > 100
