from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Iterator
from ssl import TLSVersion
from typing import Any

import pytest
from tests.scanner.driving import drive, failure_of, run, serving, until_cut
from tests.scanner.tls_servers import authority, context, tls_server

from certhia.scanner.conversation import Again, Connect, Conversation, Send, Wait
from certhia.scanner.failures import Expired, ScanFailure
from certhia.scanner.probing import WEB, Manner, Prober, Seen, domain_of
from certhia.scanner.records import Failure, Http, Served, Target
from certhia.scanner.sessions import Session, say
from certhia.scanner.talks import Outcome
from certhia.testing import flights


def target(port: int, host: str | None = None, **more: Any) -> Target:
    return Target("127.0.0.1", None, host, "127.0.0.1", port, **more)


def probe(aim: Target, manner: Manner | None = None, **options: Any) -> Outcome:
    return run([(aim, Prober(manner).talk(aim))], timeout=5.0, **options)[aim]


def seen(aim: Target, manner: Manner | None = None) -> Seen:
    outcome = probe(aim, manner)
    assert outcome.failure is None
    assert isinstance(outcome.value, Seen)
    return outcome.value


CHAIN = (authority()[1].der, authority()[0].intermediate)


@pytest.mark.parametrize(
    "version, number",
    [(TLSVersion.TLSv1, 0x0301), (TLSVersion.TLSv1_1, 0x0302), (TLSVersion.TLSv1_2, 0x0303)],
)
def test_what_is_shown_in_the_clear_is_read_and_cut_off(version: TLSVersion, number: int) -> None:
    with tls_server(context(version, version, alpn=("http/1.1",))) as port:
        served = seen(target(port, "www.example.com")).served
    assert (served.version, served.certificates, served.complete) == (number, CHAIN, False)
    assert (served.alpn, served.server_name, served.note) == ("http/1.1", "www.example.com", "")
    assert served.cipher
    assert not served.client_certificate


def test_who_speaks_13_alone_is_asked_again() -> None:
    with tls_server(context(TLSVersion.TLSv1_3, TLSVersion.TLSv1_3)) as port:
        served = seen(target(port)).served
    assert (served.version, served.certificates, served.complete) == (0x0304, CHAIN, True)


def test_what_the_cores_handshake_refuses_is_for_openssl() -> None:
    """AES-CCM alone: the core speaks none in TLS 1.2."""
    ciphers = "ECDHE-ECDSA-AES128-CCM:@SECLEVEL=0"
    with tls_server(context(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2, ciphers=ciphers)) as port:
        served = seen(target(port), Manner(full=True)).served
    assert (served.version, served.cipher, served.complete) == (0x0303, 0xC0AC, True)


@pytest.mark.parametrize("version", [TLSVersion.TLSv1_2, TLSVersion.TLSv1_3])
@pytest.mark.parametrize("full", [False, True])
def test_what_is_too_large_for_the_cores_handshake_is_for_openssl(version: TLSVersion, full: bool) -> None:
    """A certificate of 76 kB: the core's handshake takes 64 kB, and what is read in the clear 100 kB."""
    large = authority()[0].issue([f"{number}.{'a' * 50}.example.com" for number in range(1100)], key="")
    assert 66_000 < len(large.der) < 95_000
    with tls_server(context(version, version, shown=large)) as port:
        served = seen(target(port), Manner(full=full)).served
    assert served.certificates[0] == large.der
    assert served.complete is (full or version is TLSVersion.TLSv1_3)


@pytest.mark.parametrize("version", [TLSVersion.TLSv1, TLSVersion.TLSv1_2, TLSVersion.TLSv1_3])
def test_full_completes_it(version: TLSVersion) -> None:
    with tls_server(context(version, version)) as port:
        served = seen(target(port), Manner(full=True)).served
    assert (served.certificates, served.complete) == (CHAIN, True)
    assert served.signature == ("unchecked" if version is TLSVersion.TLSv1 else "good")  # OpenSSL does not tell


def test_a_client_certificate_that_is_asked_for_is_noticed() -> None:
    with tls_server(context(highest=TLSVersion.TLSv1_2, client=ssl.CERT_REQUIRED)) as port:
        assert seen(target(port)).served.client_certificate


def test_a_client_certificate_that_is_insisted_on_leaves_what_was_seen() -> None:
    with tls_server(context(highest=TLSVersion.TLSv1_2, client=ssl.CERT_REQUIRED)) as port:
        got = seen(target(port), Manner(full=True))
    assert (got.served.certificates, got.served.complete) == (CHAIN, False)
    assert got.served.client_certificate
    assert got.served.note == "asks for a client certificate"
    assert got.failure is not None
    assert got.failure[:2] == ("alert", "handshake")


# SNI and ALPN


def names(*accepted: str | None) -> tuple[ssl.SSLContext, list[str | None]]:
    """A server that says unrecognized_name to other names."""
    asked: list[str | None] = []
    speaks = context()

    def judge(_: Any, name: str | None, __: Any) -> int | None:
        asked.append(name)
        return None if name in accepted else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    speaks.sni_callback = judge
    return speaks, asked


def test_a_name_that_the_server_does_not_know_is_left_out_and_it_is_said_so() -> None:
    speaks, asked = names(None)
    with tls_server(speaks) as port:
        served = seen(target(port, "other.example.com")).served
    assert asked == ["other.example.com", None]
    assert (served.server_name, served.note) == (None, "unrecognized_name: asked again without SNI")


@pytest.mark.parametrize(
    "host, server_name, asked",
    [("a.example", "", "a.example"), ("a.example", None, None), (None, "b.example", "b.example")],
)
def test_sni(host: str | None, server_name: str | None, asked: str | None) -> None:
    speaks, heard = names(asked)
    with tls_server(speaks) as port:
        assert seen(target(port, host, server_name=server_name)).served.server_name == asked
    assert heard == [asked]


def test_alpn_is_for_the_web() -> None:
    prober = Prober()
    assert [offers(prober, target(port)) for port in (443, 8443, 993, 25)] == [WEB, WEB, (), ()]
    assert offers(prober, target(443, starttls="smtp")) == ()


def offers(prober: Prober, aim: Target) -> tuple[str, ...]:
    return prober.alpn(aim)


@pytest.mark.parametrize("name", ["a..example", "x" * 300, "süß.example", " ", "a\0b"])
@pytest.mark.parametrize("full", [False, True])
def test_a_name_that_no_hello_can_say(name: str, full: bool) -> None:
    with serving(lambda peer: None) as port:
        failure = probe(target(port, None, server_name=name), Manner(full=full)).failure
    assert failure is not None
    assert failure.kind in {"local", "closed", "reset"}


# STARTTLS


def test_starttls_comes_before_both_ways_of_asking() -> None:
    greetings = []

    def greet(peer: socket.socket) -> None:
        peer.sendall(b"+OK\r\n")
        greetings.append(peer.recv(100))
        peer.sendall(b"+OK\r\n")

    with tls_server(context(TLSVersion.TLSv1_3, TLSVersion.TLSv1_3), before=greet) as port:
        served = seen(target(port, starttls="pop3")).served
    assert greetings == [b"STLS\r\n"] * 2
    assert served.certificates == CHAIN


def test_a_refusal_is_the_targets_failure() -> None:
    with serving(lambda peer: peer.sendall(b"-ERR no\r\n")) as port:
        assert str(probe(target(port, starttls="pop3")).failure) == 'starttls-refused at starttls: "-ERR no"'


# What goes wrong


@pytest.mark.parametrize(
    "said, failure",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not-tls at hello"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "alert at handshake: handshake_failure"),
        (b"\x15\x03\x01\x00\x02\x02\x31", "alert at hello: access_denied"),
        (b"", "closed at handshake"),
    ],
)
def test_failures(said: bytes, failure: str) -> None:
    def handle(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(said)

    with serving(handle) as port:
        assert str(probe(target(port)).failure).startswith(failure)


def test_a_chain_bomb_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MB of certificates: no more than 100 kB are read (T02)."""
    record = b"\x16\x03\x03\x40\x00" + bytes(16384)

    def bomb(peer: socket.socket) -> None:
        peer.recv(4096)
        hello = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2f\x00"
        opening = hello + b"\x0b\x9f\xff\xff\x9f\xff\xfc\x00\x10\x00"
        peer.sendall(b"\x16\x03\x03" + len(opening).to_bytes(2, "big") + opening)
        for _ in range(640):
            peer.sendall(record)

    with serving(bomb) as port:
        failure = probe(target(port)).failure
    assert failure is not None
    assert (failure.kind, failure.step) == ("too-large", "hello")


def test_what_was_seen_before_it_broke_is_kept() -> None:
    """A server that breaks off behind its certificate."""
    flight = canned()

    def broken(peer: socket.socket) -> None:
        peer.recv(4096)
        peer.sendall(flight[:-9])

    with serving(broken) as port:
        got = seen(target(port))
    assert got.served.certificates == CHAIN
    assert got.failure == ("closed", "hello", "")


def canned() -> bytes:
    """What an OpenSSL server of TLS 1.2 says to our hello."""
    speaks = context(highest=TLSVersion.TLSv1_2)
    inner, outer = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = speaks.wrap_bio(inner, outer, server_side=True)
    steps: Any = Prober().talk(target(443))
    next(steps)
    inner.write(steps.send(b"").data)
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    return outer.read()


def test_two_steps_are_all_that_a_good_server_costs() -> None:
    steps, value = drive(Prober().talk(target(443, "www.example.com")), [b"", canned()])
    assert [type(step) for step in steps] == [Connect, Send]
    assert value.served.certificates == CHAIN


def test_a_flight_without_a_certificate_is_none() -> None:
    """Suites without one were not offered; TLS 1.3 was not either, and is asked for as it should be."""
    bare = flights.records(flights.server_hello() + flights.message(flights.HELLO_DONE))
    failure = failure_of(Prober().talk(target(443)), [b"", bare])
    assert str(failure) == "malformed at hello: no certificate came"
    chosen = b"\0\x2b\0\2\3\4"  # supported_versions: 1.3
    unasked = flights.records(flights.server_hello(cipher=0x1301, extensions=chosen))
    talk = Prober().talk(target(443))
    assert [type(one) for one in (next(talk), talk.send(b""), talk.send(unasked))] == [Connect, Send, Connect]


def test_full_falls_back_on_what_is_shown_in_the_clear() -> None:
    """A server that hangs up at whatever speaks of TLS 1.3."""
    flight = canned()

    def intolerant(peer: socket.socket) -> None:
        hello = peer.recv(4096)
        if b"\x00\x2b\x00" not in hello:  # supported_versions
            peer.sendall(flight)
            until_cut(peer)

    with serving(intolerant) as port:
        served = seen(target(port), Manner(full=True)).served
    assert (served.certificates, served.complete) == (CHAIN, False)


# Again, and what is asked besides


def test_passing_failures_are_tried_again() -> None:
    calls = []

    def later(peer: socket.socket) -> None:
        calls.append(peer.recv(4096))
        if len(calls) > 1:
            peer.sendall(b"\x15\x03\x01\x00\x02\x02\x31")
        else:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    prober = Prober(Manner(retries=2))
    steps: Iterator[Any] = iter(prober.talk(target(443)))
    next(steps)
    again = steps.throw(ScanFailure("timeout", "connect"))  # type: ignore[attr-defined]
    assert isinstance(again, Again)
    assert 0.2 < again.seconds < 0.8
    assert isinstance(steps.send(b""), Connect)  # type: ignore[attr-defined]
    with pytest.raises(ScanFailure, match="policy"):
        steps.throw(ScanFailure("policy"))  # type: ignore[attr-defined]
    assert calls == []


def test_each_attempt_has_the_whole_deadline() -> None:
    """Of a server that takes connections and says nothing."""
    with serving(until_cut) as port:
        prober = Prober(Manner(retries=1))
        outcome = run([(1, prober.talk(target(port)))], timeout=1.0)[1]
    assert isinstance(outcome.failure, ScanFailure)
    assert (outcome.failure.kind, outcome.failure.step, outcome.attempts) == ("timeout", "hello", 2)


def test_what_is_asked_under_tls() -> None:
    def content(session: Session, aim: Target, served: Served) -> Conversation[Http]:
        answer = yield from say(session, b"GET / HTTP/1.1\r\n\r\n")
        return Http(int(answer[9:12]), served.alpn or "")

    def answer(peer: ssl.SSLSocket) -> None:
        peer.recv(100)
        peer.sendall(b"HTTP/1.1 204 \r\n\r\n")

    with tls_server(context(alpn=("h2", "http/1.1")), after=answer) as port:
        got = seen(target(port), Manner(content=content))
    assert got.http == Http(204, "http/1.1")
    assert got.served.complete


def test_what_breaks_under_tls_leaves_the_handshake() -> None:
    def content(session: Session, aim: Target, served: Served) -> Conversation[Http]:
        yield from say(session, b"GET / HTTP/1.1\r\n\r\n")
        raise ScanFailure("too-large", "http")

    with tls_server(context(), after=lambda peer: peer.sendall(peer.recv(100))) as port:
        got = seen(target(port), Manner(content=content))
    assert (got.failure, got.http) == (("too-large", "http", ""), None)
    assert got.served.certificates == CHAIN


def test_enumerates_and_fingerprints() -> None:
    speaks = context(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0")
    with tls_server(speaks) as port:
        got = seen(target(port), Manner(enumerate=True, fingerprints=True))
    assert got.enumerated is not None
    assert got.enumerated.ciphers == ((0x0303, (0xC02B,)),)
    assert got.served.ja3s
    assert len(got.served.ja3s) == 2 * hashlib.md5().digest_size
    assert got.fingerprints is not None
    assert got.fingerprints.ja3s == got.served.ja3s
    assert len(got.fingerprints.jarm or "") == 62


@pytest.mark.parametrize("full", [True, False], ids=["http", "glance"])
def test_a_part_that_takes_too_long_costs_no_other(full: bool) -> None:
    """A page, or a flight, that never ends: the certificate, JARM and the suites are told all the same."""

    def content(session: Session, aim: Target, served: Served) -> Conversation[Http]:
        failure = None
        try:
            yield from say(session, b"GET / HTTP/1.1\r\n\r\n")
        except ScanFailure as late:
            failure = Failure(late.kind, late.step)
        return Http(None, failure=failure)

    speaks = context(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0")
    manner = Manner(content=content if full else None, enumerate=True, fingerprints=True)
    with tls_server(speaks, after=until_cut) as port:
        aim = target(port)
        got = run([(aim, Prober(manner).talk(aim))], timeout=2.0)[aim]
    assert got.failure is None
    assert got.value.served.certificates == CHAIN
    assert got.value.http == (Http(None, failure=Failure("timeout", "http")) if full else None)
    assert got.value.fingerprints.jarm.strip("0")
    assert got.value.enumerated.ciphers == ((0x0303, (0xC02B,)),)


def test_prints_that_cannot_be_had_leave_the_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Conversation[str]:
        yield Wait(0.0)
        raise Expired("timeout", "hello")

    monkeypatch.setattr("certhia.scanner.probing.jarm", broken)
    speaks = context(TLSVersion.TLSv1_2, TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0")
    with tls_server(speaks) as port:
        got = seen(target(port), Manner(enumerate=True, fingerprints=True))
    assert got.failure == Failure("timeout", "hello")
    assert got.fingerprints is not None
    assert got.fingerprints.jarm is None
    assert got.enumerated is not None
    assert got.enumerated.ciphers == ((0x0303, (0xC02B,)),)


def test_connections_are_counted_by_domain_where_that_is_asked_for() -> None:
    aim = target(443, "www.example.co.uk")
    assert next(Prober(Manner(by_domain=True)).talk(aim)) == Connect("127.0.0.1", 443, "example.co.uk")
    assert next(Prober().talk(aim)) == Connect("127.0.0.1", 443, "")
    assert domain_of("localhost") == "localhost"
