from __future__ import annotations

from ssl import TLSVersion

from tests.scanner.driving import drive, run
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
