from __future__ import annotations

import pytest
from tests.scanner.driving import drive, failure_of

from certhia.scanner.conversation import Send
from certhia.scanner.starttls import PROTOCOLS

GOOD = {
    "smtp": [
        (b"", b"220-mail.example.com\r\n220 ESMTP\r\n"),
        (b"EHLO certhia.invalid\r\n", b"250-mail.example.com\r\n250-PIPELINING\r\n250-starttls\r\n250 8BITMIME\r\n"),
        (b"STARTTLS\r\n", b"220 2.0.0 Ready\r\n"),
    ],
    "imap": [
        (b"", b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"),
        (b"c1 STARTTLS\r\n", b"* CAPABILITY whatever\r\nc1 OK Begin TLS\r\n"),
    ],
    "pop3": [(b"", b"+OK POP3 ready <1896@x>\r\n"), (b"STLS\r\n", b"+OK Begin\r\n")],
    "ftp": [(b"", b"220-Welcome\r\n and more\r\n220 ready\r\n"), (b"AUTH TLS\r\n", b"234 Proceed\r\n")],
    "nntp": [(b"", b"201 no posting\r\n"), (b"STARTTLS\r\n", b"382 Continue\r\n")],
    "sieve": [
        (b"", b'"IMPLEMENTATION" "x"\r\n"SIEVE" "fileinto"\r\n"STARTTLS"\r\nOK "ready"\r\n'),
        (b"STARTTLS\r\n", b"OK\r\n"),
    ],
}


@pytest.mark.parametrize("protocol", GOOD)
def test_gets_to_where_tls_begins(protocol: str) -> None:
    steps, _ = drive(PROTOCOLS[protocol]("mail.example.com"), [answer for _, answer in GOOD[protocol]])
    assert steps == [Send(say, "starttls", None) for say, _ in GOOD[protocol]]


@pytest.mark.parametrize(
    "protocol, answers, words",
    [
        ("smtp", [b"554 no\r\n"], '"554 no"'),
        ("smtp", [b"220 x\r\n", b"250-x\r\n250 HELP\r\n"], "STARTTLS is not among what it offers"),
        ("smtp", [b"220 x\r\n", b"502 what?\r\n"], '"502 what?"'),
        ("smtp", [b"220 x\r\n", b"250 STARTTLS\r\n", b"454 TLS not available\r\n"], "454"),
        ("smtp", [b"SSH-2.0-OpenSSH_9.2\r\n"], "SSH-2.0"),
        ("imap", [b"* BYE too many\r\n"], "BYE"),
        ("imap", [b"* OK x\r\n", b"c1 BAD unknown command\r\n"], "BAD"),
        ("imap", [b"* PREAUTH x\r\n"], "PREAUTH"),
        ("imap", [b"SSH-2.0-OpenSSH_9.2\r\n"], "SSH-2.0"),
        ("pop3", [b"+OK x\r\n", b"-ERR unknown\r\n"], "-ERR"),
        ("ftp", [b"220 x\r\n", b"530 Please login\r\n"], "530"),
        ("nntp", [b"200 x\r\n", b"580 no\r\n"], "580"),
        ("sieve", [b"OK\r\n", b'NO "not here"\r\n'], "not here"),
    ],
)
def test_a_no_is_told_in_the_servers_words(protocol: str, answers: list[bytes], words: str) -> None:
    failure = failure_of(PROTOCOLS[protocol]("mail.example.com"), answers)
    assert failure.kind == "starttls-refused"
    assert words in failure.detail


@pytest.mark.parametrize("protocol", GOOD)
def test_hanging_up_is_told(protocol: str) -> None:
    assert failure_of(PROTOCOLS[protocol]("x"), [b""]).kind == "closed"


@pytest.mark.parametrize("protocol", GOOD)
def test_greetings_without_end_are_too_large(protocol: str) -> None:
    endless = b"250-x" if protocol in {"smtp", "ftp", "nntp"} else b'"'
    assert failure_of(PROTOCOLS[protocol]("x"), [endless * 16_384] * 5).kind == "too-large"
