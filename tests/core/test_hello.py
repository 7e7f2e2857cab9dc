"""A ClientHello, and a server's flight as it may come."""

from __future__ import annotations

import pytest
from tests.core.flights import ALERT, DONE, HANDSHAKE, certificates, extension, flight, message, record, server_hello

from certhia._core import Flight, Hello, alert_name, cipher_name, group_name, signature_scheme_name, version_name
from certhia.errors import Malformed

RANDOM = bytes(range(64))
CHAIN = (b"leaf" * 100, b"issuer" * 100)


def read(data: bytes) -> Flight:
    one = Flight()
    one.feed(data)
    return one


def test_a_hello_differs_by_name_and_random_bytes_alone() -> None:
    hello = Hello()
    made = hello.make("www.example.com", RANDOM)
    assert made[:3] == b"\x16\x03\x01"
    assert int.from_bytes(made[3:5], "big") == len(made) - 5 == 512
    assert made[9:11] == b"\x03\x03"
    assert made[11:43] + made[44:76] == RANDOM
    assert extension(0, b"\0\x12\0\0\x0fwww.example.com") in made
    assert hello.make("www.example.com.", RANDOM) == made
    other = hello.make("www.example.org", bytes(64))
    assert other.replace(b"www.example.org", b"www.example.com")[76:] == made[76:]
    assert b"example" not in hello.make(None, RANDOM)


def test_a_hello_of_short_lists_is_not_padded() -> None:
    made = Hello(ciphers=[0xC02F], signature_schemes=[0x0401]).make("a.example", RANDOM)
    assert len(made) - 5 < 256
    assert made[76:82] == b"\0\x02\xc0\x2f\x01\0"


def test_a_hello_of_ssl_3_has_no_extensions() -> None:
    made = Hello(versions=(0x0300, 0x0300), ciphers=[10]).make("www.example.com", RANDOM)
    assert made[:3] == b"\x16\x03\x00"
    assert made[9:11] == b"\x03\x00"
    assert made[76:] == b"\0\x04\0\x0a\0\xff\x01\0"


def test_a_hello_of_tls_1_3_has_a_key_share() -> None:
    hello = Hello(versions=(0x0303, 0x0304), alpn=["h2"])
    made = hello.make("www.example.com", RANDOM)
    assert made[9:11] == b"\x03\x03"
    assert extension(43, b"\x04\x03\x04\x03\x03") in made
    assert extension(16, b"\0\x03\x02h2") in made
    start = made.index(b"\0\x33\0\x26\0\x24\0\x1d\0\x20") + 10
    key = made[start : start + 32]
    other = hello.make("www.example.com", RANDOM[::-1])
    assert len(set(key)) > 8
    assert key not in other
    assert extension(51, b"\0\0") in Hello(versions=(0x0304, 0x0304), groups=[23]).make(None, RANDOM)


@pytest.mark.parametrize(
    "options",
    [
        {"versions": (0x0303, 0x0301)},
        {"versions": (0x0002, 0x0303)},
        {"versions": (0x0303, 0x0305)},
        {"versions": (0x0304, 0x0304), "extensions": False},
        {"ciphers": []},
        {"ciphers": range(8100)},
        {"alpn": [""]},
        {"alpn": ["x" * 256]},
        {"groups": range(40_000)},
    ],
)
def test_what_no_hello_can_say(options: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        Hello(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", ".", "a b", "b\u00fccher.example", "a\n", "x" * 254])
def test_what_is_no_server_name(name: str) -> None:
    with pytest.raises(Malformed, match="server name"):
        Hello().make(name, RANDOM)
    with pytest.raises(Malformed, match="64 random bytes, not 63"):
        Hello().make(None, RANDOM[1:])


def test_the_longest_server_name() -> None:
    assert b"x" * 253 in Hello().make("x" * 253, RANDOM)


def test_a_flight() -> None:
    staple = b"\x16\0\0\x0b\x01\0\0\x07answer!"
    hello = server_hello(
        extension(16, b"\0\x03\x02h2"),
        extension(5, b""),
        extension(18, b"\0\x0a\0\x03one\0\x03two"),
        version=0x0303,
        session=b"session",
    )
    exchange = message(12, b"\x03\0\x1d\x04key!\x08\x04\0\x03sig")
    one = read(flight(hello, certificates(CHAIN), staple, exchange, message(13, b"\x01\x40\0\0"), DONE))
    assert (one.state, one.fault, one.alert) == ("done", None, None)
    assert (one.version, one.legacy_version, one.cipher, one.compression) == (0x0303, 0x0303, 0xC02F, 0)
    assert (one.alpn, one.scts, one.staple) == ("h2", [b"one", b"two"], b"answer!")
    assert (one.group, one.signature_scheme, one.prime_bits) == (29, 0x0804, None)
    assert one.certificates == list(CHAIN)
    assert one.client_certificate
    assert (one.extensions, one.ja3s) == ([16, 5, 18], "771,49199,16-5-18")
    assert (one.random, one.session_id, one.retry) == (bytes(32), b"session", False)


def test_a_flight_in_any_pieces() -> None:
    plain = server_hello(extension(16, b"\0\x03\x02h2")) + certificates(CHAIN) + DONE
    for size in (1, 2, 3, 5, 100, 1000):
        records = b"".join(record(HANDSHAKE, plain[at : at + size]) for at in range(0, len(plain), size))
        for step in (1, 7, 64, len(records)):
            one = Flight()
            states = [one.feed(records[at : at + step]) for at in range(0, len(records), step)]
            assert states == ["more"] * (len(states) - 1) + ["done"]
            assert (one.certificates, one.alpn) == (list(CHAIN), "h2")


def test_nothing_changes_behind_the_end() -> None:
    one = read(flight(server_hello(), certificates(CHAIN), DONE))
    assert one.feed(record(ALERT, b"\x02\x28") * 50_000) == "done"
    assert (one.fault, one.alert) == (None, None)


def test_tls_1_3() -> None:
    one = read(
        flight(server_hello(extension(43, b"\x03\x04"), extension(51, b"\0\x1d\0\x20" + bytes(32)), cipher=0x1301))
    )
    assert (one.state, one.version, one.legacy_version, one.cipher) == ("done", 0x0304, 0x0303, 0x1301)
    assert (one.group, one.retry, one.certificates) == (29, False, [])
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    one = read(flight(server_hello(extension(43, b"\x03\x04"), extension(51, b"\0\x17"), cipher=0x1302, random=retry)))
    assert (one.state, one.version, one.group, one.retry) == ("done", 0x0304, 23, True)


@pytest.mark.parametrize("end, version", [(b"\1", 0x0304), (b"\0", 0x0303), (b"\2", None)])
def test_a_higher_version_is_told_in_passing(end: bytes, version: int | None) -> None:
    one = read(flight(server_hello(random=bytes(24) + b"DOWNGRD" + end)))
    assert one.higher_version == version
    assert read(b"").higher_version is None


def test_alerts() -> None:
    one = read(record(ALERT, b"\x02\x28"))
    assert (one.state, one.fault, one.alert, one.version) == ("failed", ("alert", "handshake_failure"), (2, 40), None)
    warned = record(ALERT, b"\x01\x70") + flight(server_hello(), certificates(CHAIN), DONE)
    one = read(warned)
    assert (one.state, one.alert) == ("done", (1, 112))
    assert read(record(ALERT, b"\x01\0")).fault == ("alert", "close_notify")
    assert read(record(ALERT, b"\x02") + record(ALERT, b"\xee")).fault == ("alert", "alert_238")


@pytest.mark.parametrize(
    "answer, detail",
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-OpenSSH_9.2p1"),
        (b"220 mail.example ESMTP\r\n", "220 mail.example ESMTP"),
        (b"\x4a\0\0\0\x0a5.5.5\0" + bytes(40), "4a0000000a352e352e35000000000000"),
        (b"\x80\x03\0\0\x01", "8003000001"),
        (b"\x15HTTP", "1548545450"),
        (b"\n", "0a"),
        (b"A" * 1000, "A" * 64),
    ],
)
def test_what_is_not_tls(answer: bytes, detail: str) -> None:
    assert read(answer).fault == ("not-tls", detail)
    one = Flight()
    for byte in answer:
        one.feed(bytes([byte]))
    assert one.fault == ("not-tls", detail)


@pytest.mark.parametrize(
    "answer",
    [
        flight(certificates(CHAIN)),
        flight(server_hello(), server_hello()),
        flight(server_hello(), certificates(CHAIN), certificates(CHAIN)),
        flight(message(2, bytes(30))),
        flight(server_hello(), message(11, b"\0\0\x09\0\0\x07short")),
        flight(server_hello()) + record(20, b"\x01"),
        flight(server_hello()) + record(23, b"\x01"),
        flight(server_hello()) + b"HTTP/1.1 200 OK",
        b"\x16\x03\x03\xff\xff",
    ],
)
def test_what_is_malformed(answer: bytes) -> None:
    one = read(answer)
    assert (one.state, (one.fault or ("", ""))[0]) == ("failed", "malformed")


def test_what_stood_before_a_fault_stays() -> None:
    one = read(flight(server_hello(), certificates(CHAIN)) + record(23, b"\x01"))
    assert (one.version, one.certificates) == (0x0303, list(CHAIN))


def test_names() -> None:
    assert [cipher_name(number) for number in (0xC02F, 0x1301, 0, 0xC0FF)] == [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_NULL_WITH_NULL_NULL",
        "0xc0ff",
    ]
    assert cipher_name(0x0A0A) == "GREASE 0x0a0a"
    assert [version_name(number) for number in (0x0300, 0x0301, 0x0303, 0x0304, 0x7F1C, 0x0909)] == [
        *("SSL 3.0", "TLS 1.0", "TLS 1.2", "TLS 1.3", "TLS 1.3 draft 28", "0x0909")
    ]
    assert (group_name(29), group_name(23), group_name(0x11EC)) == ("x25519", "secp256r1", "X25519MLKEM768")
    assert (alert_name(40), alert_name(112), alert_name(99)) == ("handshake_failure", "unrecognized_name", "alert_99")
    assert (signature_scheme_name(0x0804), signature_scheme_name(0x0202)) == ("rsa_pss_rsae_sha256", "dsa_sha1")


@pytest.mark.parametrize("count", [16, 17])
def test_certificates_of_a_flight(count: int) -> None:
    one = read(flight(server_hello(), certificates([b"certificate"] * count), DONE))
    assert one.fault == (None if count == 16 else ("too-large", "more than 16 certificates"))
    assert one.certificates == [b"certificate"] * 16


def test_bytes_of_a_flight() -> None:
    hello = flight(server_hello())
    ignored = record(HANDSHAKE, bytes(4))
    count, left = divmod(100_000 - len(hello), len(ignored))
    one = read(hello + ignored * count + ignored[:left])
    assert (one.state, one.version) == ("more", 0x0303)
    assert one.feed(b"\0") == "failed"
    assert one.fault == ("too-large", "more than 100000 bytes")
    whole = read(hello + ignored * 2 * count)
    assert whole.fault == one.fault
    huge = read(hello + record(HANDSHAKE, b"\x0b\xff\xff\xff"))
    assert huge.fault == ("too-large", "a message of 16777215 bytes")


@pytest.mark.parametrize("count", [32, 33])
def test_records_without_content(count: int) -> None:
    assert read(record(HANDSHAKE, b"") * count).state == ("more" if count == 32 else "failed")


@pytest.mark.parametrize("count", [16, 17])
def test_warnings_before_a_flight(count: int) -> None:
    assert read(record(ALERT, b"\x01\x70") * count).state == ("more" if count == 16 else "failed")


def test_bytes_of_a_record() -> None:
    assert read(b"\x16\x03\x03" + (16_384 + 2048).to_bytes(2, "big")).state == "more"
    assert read(b"\x16\x03\x03" + (16_384 + 2049).to_bytes(2, "big")).state == "failed"


def test_bounds_that_make_no_sense() -> None:
    with pytest.raises(Malformed):
        Flight(0)
    with pytest.raises(Malformed):
        Flight((1 << 24) + 1)
