from __future__ import annotations

import ssl
from ssl import TLSVersion

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.driving import run, serving
from tests.scanner.tls_servers import authority, context, tls_server

from certhia.scanner.conversation import Connect, Conversation, Tell
from certhia.scanner.failures import KINDS
from certhia.scanner.openssl import MAX_HANDSHAKE, Session
from certhia.scanner.sessions import say, shake


def talk(port: int, session: Session, ask: bytes = b"") -> Conversation[bytes]:
    yield Connect("127.0.0.1", port)
    yield from shake(session)
    if not ask:
        return b""
    answer = yield from say(session, ask)
    session.close()
    yield Tell(session.outgoing())
    return answer


NUMBERS = (0x0301, 0x0302, 0x0303, 0x0304)


def echo(peer: ssl.SSLSocket) -> None:
    peer.sendall(peer.recv(100) * 3000)


@pytest.mark.parametrize(
    "version, number",
    [
        (TLSVersion.TLSv1, 0x0301),
        (TLSVersion.TLSv1_1, 0x0302),
        (TLSVersion.TLSv1_2, 0x0303),
        (TLSVersion.TLSv1_3, 0x0304),
    ],
)
def test_completes_every_version_and_shows_all_of_it(version: TLSVersion, number: int) -> None:
    ca, issued = authority()
    session = Session("www.example.com", alpn=("h2", "http/1.1"))
    with tls_server(context(version, version, alpn=("http/1.1",)), after=echo) as port:
        outcome = run([(1, talk(port, session, b"hello"))])[1]
    assert outcome.failure is None
    assert outcome.value[:10] == b"hellohello"
    assert (session.version, session.alpn, session.signature) == (number, "http/1.1", "unchecked")
    assert session.certificates == [issued.der, ca.intermediate]
    assert session.cipher
    assert (session.fault, session.staple, session.scts) == (None, None, [])


def test_a_client_certificate_that_is_wanted_is_noticed() -> None:
    session = Session(None)
    speaks = context(highest=TLSVersion.TLSv1_2, client=ssl.CERT_OPTIONAL)
    with tls_server(speaks) as port:
        assert run([(1, talk(port, session))])[1].failure is None
    assert session.client_certificate


def test_alerts_are_called_by_their_names() -> None:
    with tls_server(context(TLSVersion.TLSv1_3, TLSVersion.TLSv1_3)) as port:
        session = Session(None, highest=TLSVersion.TLSv1_2)
        outcome = run([(1, talk(port, session))])[1]
    assert str(outcome.failure) == "alert at handshake: protocol_version"


def test_what_is_not_tls() -> None:
    with serving(lambda peer: peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        outcome = run([(1, talk(port, Session(None)))])[1]
    assert outcome.failure is not None
    assert outcome.failure.kind == "not-tls"


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
def test_whatever_comes_it_ends_with_a_class(pieces: list[bytes]) -> None:
    session = Session("example.com")
    session.outgoing()
    for piece in [*pieces, b"\x16\x03\x01\x40\x01"]:
        state = session.feed(piece)
        assert state in {"more", "failed"}
    assert session.fault is None or session.fault[0] in KINDS
    assert session.received() == b""


def test_a_handshake_without_end() -> None:
    session = Session(None)
    session.outgoing()
    state, fed = session.feed(b"\x16\x03\x03\x40\x00\x02\x01\x00\x00" + bytes(16380)), 0
    while state == "more":
        state = session.feed(b"\x16\x03\x03\x40\x00" + bytes(16384))
        fed += 16384
        assert fed < 2 * MAX_HANDSHAKE
    assert session.fault is not None
    assert session.fault[0] in {"too-large", "malformed"}
