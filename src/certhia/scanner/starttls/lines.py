"""Protocols that speak in lines: SMTP, IMAP, POP3, FTP, NNTP, ManageSieve."""

from __future__ import annotations

from typing import Final

from certhia.scanner.conversation import Conversation
from certhia.scanner.starttls.reading import Reading, refused

# What we call ourselves: a name that is nobody's (RFC 2606 section 2).
OURSELVES: Final = b"certhia.invalid"


def smtp(_: str) -> Conversation[None]:
    """RFC 3207: greeting, EHLO, STARTTLS."""
    reading = Reading()
    yield from _reply(reading, b"", b"220")
    offers = yield from _reply(reading, b"EHLO " + OURSELVES + b"\r\n", b"250")
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in offers):
        raise refused(b"", "STARTTLS is not among what it offers")
    yield from _reply(reading, b"STARTTLS\r\n", b"220")


def ftp(_: str) -> Conversation[None]:
    """RFC 4217 section 4: AUTH TLS."""
    reading = Reading()
    yield from _reply(reading, b"", b"220")
    yield from _reply(reading, b"AUTH TLS\r\n", b"234")


def nntp(_: str) -> Conversation[None]:
    """RFC 4642 section 2.2.2: 200 or 201, STARTTLS, 382."""
    reading = Reading()
    yield from _reply(reading, b"", b"20")
    yield from _reply(reading, b"STARTTLS\r\n", b"382")


def imap(_: str) -> Conversation[None]:
    """RFC 3501 section 6.2.1."""
    reading = Reading()
    greeting = yield from reading.lines(b"", lambda _: True)
    if not greeting[-1].upper().startswith(b"* OK"):
        raise refused(greeting[-1])
    answer = yield from reading.lines(b"c1 STARTTLS\r\n", lambda line: line.startswith((b"c1 ", b"* BYE")))
    if not answer[-1].upper().startswith(b"C1 OK"):
        raise refused(answer[-1])


def pop3(_: str) -> Conversation[None]:
    """RFC 2595 section 4: STLS."""
    reading = Reading()
    for say in (b"", b"STLS\r\n"):
        answer = yield from reading.lines(say, lambda _: True)
        if not answer[0].upper().startswith(b"+OK"):
            raise refused(answer[0])


def sieve(_: str) -> Conversation[None]:
    """RFC 5804 section 2.2: capabilities up to OK, STARTTLS, OK."""
    reading = Reading()
    for say in (b"", b"STARTTLS\r\n"):
        answer = yield from reading.lines(say, _sieve_ends)
        if not answer[-1].upper().startswith(b"OK"):
            raise refused(answer[-1])


def _sieve_ends(line: bytes) -> bool:
    return line[:3].upper().rstrip(b" (") in (b"OK", b"NO", b"BYE")


def _reply(reading: Reading, say: bytes, code: bytes) -> Conversation[list[bytes]]:
    """A reply of RFC 5321 section 4.2.1: lines `250-...` up to one `250 ...`, that begin with `code`."""
    lines = yield from reading.lines(say, _ends)
    if not lines[-1].startswith(code):
        raise refused(b" ".join(lines))
    return lines


def _ends(line: bytes) -> bool:
    """The last line of a reply; and any that is none, so that a server of another kind is told at once."""
    return not (line[:3].isdigit() and line[3:4] == b"-") and not line.startswith(b" ")
