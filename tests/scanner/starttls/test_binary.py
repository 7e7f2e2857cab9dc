from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scanner.driving import drive, failure_of

from certhia.scanner.failures import KINDS, ScanFailure
from certhia.scanner.starttls import PROTOCOLS


def ldap_response(code: int, words: bytes = b"", long: bool = False) -> bytes:
    body = b"\x0a\x01" + bytes([code]) + b"\x04\x00\x04" + bytes([len(words)]) + words
    inner = b"\x02\x01\x01\x78" + bytes([len(body)]) + body
    # Active Directory writes all lengths with four bytes.
    return b"\x30" + (b"\x84" + struct.pack(">I", len(inner)) if long else bytes([len(inner)])) + inner


def mysql_greeting(capabilities: int = 0xFFFF, version: bytes = b"8.0.36") -> bytes:
    payload = b"\x0a" + version + b"\0" + bytes(4) + b"12345678\0" + struct.pack("<H", capabilities) + bytes(20)
    return struct.pack("<I", len(payload)) + payload


def mysql_error(words: bytes) -> bytes:
    payload = b"\xff" + struct.pack("<H", 1130) + words
    return struct.pack("<I", len(payload)) + payload


def rdp_answer(negotiation: bytes) -> bytes:
    return struct.pack(">BBHB", 3, 0, 11 + len(negotiation), 6 + len(negotiation)) + b"\xd0\0\0\x12\x34\0" + negotiation


GOOD = {
    "ldap": [ldap_response(0, long=True)],
    "postgres": [b"S"],
    "mysql": [mysql_greeting(), b""],  # the second for what is told
    "rdp": [rdp_answer(b"\x02\x1f\x08\0\x02\0\0\0")],
}


@pytest.mark.parametrize("protocol", GOOD)
def test_gets_to_where_tls_begins(protocol: str) -> None:
    steps, _ = drive(PROTOCOLS[protocol]("db.example.com"), GOOD[protocol])
    assert all(step.step == "starttls" for step in steps)  # type: ignore[union-attr]


@pytest.mark.parametrize("protocol", GOOD)
def test_byte_by_byte(protocol: str) -> None:
    """What is said is the same, however what came was cut."""
    answers = [bytes([byte]) for byte in GOOD[protocol][0]] + GOOD[protocol][1:]
    steps, _ = drive(PROTOCOLS[protocol]("db.example.com"), answers)
    whole, _ = drive(PROTOCOLS[protocol]("db.example.com"), GOOD[protocol])
    assert [data for step in steps if (data := getattr(step, "data", b""))] == [
        data for step in whole if (data := getattr(step, "data", b""))
    ]


def test_says_what_the_protocols_want() -> None:
    steps, _ = drive(PROTOCOLS["mysql"]("x"), GOOD["mysql"])
    ask = steps[1].data  # type: ignore[union-attr]
    assert (len(ask), ask[:4]) == (36, b"\x20\0\0\x01")
    assert int.from_bytes(ask[4:8], "little") & 0x0800
    steps, _ = drive(PROTOCOLS["rdp"]("x"), GOOD["rdp"])
    request = steps[0].data  # type: ignore[union-attr]
    assert int.from_bytes(request[2:4], "big") == len(request)
    steps, _ = drive(PROTOCOLS["ldap"]("x"), GOOD["ldap"])
    assert steps[0].data[1] == len(steps[0].data) - 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "protocol, answer, words",
    [
        ("ldap", ldap_response(52, b"TLS not configured"), 'LDAP result 52: "TLS not configured"'),
        ("ldap", b"\x30\x03\x02\x01\x01", "no answer of LDAP"),
        ("ldap", b"HTTP/1.1 400 Bad Request", "no answer of LDAP"),
        ("postgres", b"N", "the server has no TLS"),
        ("postgres", b"EFATAL unsupported frontend protocol\0", "FATAL"),
        ("mysql", mysql_greeting(0x0200), "the server has no TLS"),
        ("mysql", mysql_error(b"Host '192.0.2.1' is not allowed"), "is not allowed"),
        ("mysql", b"SSH-2.0-OpenSSH\r\n", "no greeting of MySQL"),
        ("rdp", rdp_answer(b"\x03\0\x08\0\x05\0\0\0"), "CredSSP is required"),
        ("rdp", rdp_answer(b"\x03\0\x08\0\x63\0\0\0"), "failure 99"),
        ("rdp", rdp_answer(b""), "standard RDP security alone"),
        ("rdp", b"HTTP/1.1 400", "no answer of RDP"),
    ],
)
def test_a_no_is_told(protocol: str, answer: bytes, words: str) -> None:
    failure = failure_of(PROTOCOLS[protocol]("x"), [answer])
    assert failure.kind == "starttls-refused"
    assert words in failure.detail


def test_a_length_that_is_a_lie() -> None:
    assert failure_of(PROTOCOLS["ldap"]("x"), [b"\x30\x84\x7f\xff\xff\xff"]).kind == "too-large"
    assert failure_of(PROTOCOLS["mysql"]("x"), [b"\xff\xff\xff\0"]).kind == "starttls-refused"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(data=st.lists(st.binary(min_size=1, max_size=300), max_size=6))
def test_whatever_comes_is_a_refusal_or_tls(protocol: str, data: list[bytes]) -> None:
    try:
        drive(PROTOCOLS[protocol]("x"), [*data, *[b""] * 9])
    except ScanFailure as failure:
        if failure.kind not in KINDS or failure.step != "starttls" or not str(failure).isprintable():
            raise
