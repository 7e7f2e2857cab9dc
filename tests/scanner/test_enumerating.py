from __future__ import annotations

import socket
import ssl
from ssl import TLSVersion

from tests.scanner.driving import drive, run, serving
from tests.scanner.tls_servers import context, tls_server

from certhia._core import cipher_name
from certhia.scanner import enumerating
from certhia.scanner.conversation import Connect, Conversation, Extend
from certhia.scanner.enumerating import VERSIONS, enumerated
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.reach import Reach


def reach(port: int) -> Reach:
    def connect() -> Conversation[None]:
        yield Connect("127.0.0.1", port)

    return connect


def test_finds_versions_and_suites_in_the_servers_order() -> None:
    speaks = context(
        TLSVersion.TLSv1_1,
        TLSVersion.TLSv1_3,
        ciphers="ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0",
    )
    speaks.options |= 1 << 22  # the server's order (SSL_OP_CIPHER_SERVER_PREFERENCE)
    with tls_server(speaks) as port:
        found = run([(1, enumerated(reach(port), "www.example.com"))])[1].value
    assert found.versions == (0x0302, 0x0303, 0x0304)
    named = {version: [cipher_name(suite) for suite in suites] for version, suites in found.ciphers}
    assert named[0x0302] == ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"]
    assert named[0x0303] == ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
    assert set(named[0x0304]) >= {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"}
    assert found.complete


def test_finds_what_openssls_own_client_finds_one_by_one() -> None:
    speaks = context(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2)
    with tls_server(speaks) as port:
        found = run([(1, enumerated(reach(port), None))])[1].value
        taken = {number for name, number in openssls().items() if accepts(port, name)}
    assert {suite for _, suites in found.ciphers for suite in suites} == taken


def openssls() -> dict[str, int]:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.set_ciphers("ALL:@SECLEVEL=0")
    suites = {suite["name"]: suite["id"] & 0xFFFF for suite in client.get_ciphers()}
    return {name: number for name, number in suites.items() if not name.startswith("TLS_")}  # those are of TLS 1.3


def accepts(port: int, suite: str) -> bool:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = TLSVersion.TLSv1_2
    client.set_ciphers(suite + ":@SECLEVEL=0")
    try:
        with socket.create_connection(("127.0.0.1", port)) as raw, client.wrap_socket(raw):
            return True
    except OSError:
        return False


def test_ssl_3_is_noticed() -> None:
    """No library here speaks it: a server that says as much as is needed."""

    def old(peer: socket.socket) -> None:
        hello = peer.recv(65536)
        if hello[9:11] == b"\x03\x00" and b"\x00\x0a" in hello[60:]:
            answer = b"\x02\x00\x00\x26\x03\x00" + bytes(32) + b"\x00\x00\x0a\x00"
            peer.sendall(b"\x16\x03\x00\x00\x2a" + answer)

    with serving(old) as port:
        found = run([(1, enumerated(reach(port), None))])[1].value
    assert (0x0300, (0x000A,)) in [(version, suites[:1]) for version, suites in found.ciphers]


def test_connections_are_bounded() -> None:
    """A server that takes whatever is offered first."""
    connections = []

    def taking(peer: socket.socket) -> None:
        hello = peer.recv(65536)
        connections.append(1)
        version, cipher = hello[9:11], hello[78:80]  # behind random, session id and the length of the suites
        answer = b"\x02\x00\x00\x26" + version + bytes(32) + b"\x00" + cipher + b"\x00"
        peer.sendall(b"\x16" + version + b"\x00\x2a" + answer)

    with serving(taking) as port:
        found = run([(1, enumerated(reach(port), None))])[1].value
    assert len(connections) == enumerating.MAX_CONNECTIONS
    assert not found.complete
    assert len(found.ciphers[-1][1]) > 100


def test_every_suite_with_a_name_is_offered_once() -> None:
    for version in VERSIONS:
        suites = [suite for hello in enumerating.hellofuls(version) for suite in hello]
        assert len(suites) == len(set(suites))
        assert all(cipher_name(suite).startswith("TLS_") for suite in suites)
        assert len(suites) > (4 if version == 0x0304 else 300)


def hello() -> Conversation[None]:
    yield Connect("192.0.2.1", 443)


def test_a_server_that_answers_nothing() -> None:
    answers: list[bytes | ScanFailure] = []
    for version in VERSIONS:
        answers += [b"", *[ScanFailure("refused", "connect")] * len(enumerating.hellofuls(version))]
    steps, found = drive(enumerated(hello, None), answers)
    assert steps.count(Extend()) == len(VERSIONS)
    assert (found.versions, found.complete) == ((), True)


def test_the_deadline_keeps_what_was_found() -> None:
    _, found = drive(enumerated(hello, None), [b"", b"", Expired("timeout")])
    assert (found.versions, found.complete) == ((), False)
