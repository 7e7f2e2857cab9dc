"""One TLS handshake and what is said under it, as a state machine without I/O, whoever does the cryptography."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from certhia.scanner.conversation import Conversation, Send, Step, Tell
from certhia.scanner.failures import ScanFailure


class View(Protocol):
    """What has been seen of a server so far; every attribute may be looked at at any time."""

    @property
    def version(self) -> int | None:
        """As on the wire, the highest being 0x0304."""

    @property
    def cipher(self) -> int | None:
        """The suite's number."""

    @property
    def group(self) -> int | None:
        """Of the key exchange."""

    @property
    def alpn(self) -> str | None:
        """The protocol chosen."""

    @property
    def certificates(self) -> list[bytes]:
        """DER, leaf first."""

    @property
    def staple(self) -> bytes | None:
        """OCSP response, DER."""

    @property
    def scts(self) -> list[bytes]:
        """Of the TLS extension."""

    @property
    def client_certificate(self) -> bool:
        """Whether one was asked for."""

    @property
    def alert(self) -> tuple[int, int] | None:
        """(level, code) of the last alert that came."""

    @property
    def fault(self) -> tuple[str, str] | None:
        """(kind, detail) once it failed: `failures.KINDS`."""

    @property
    def ja3s(self) -> str | None:
        """As text, once there was a ServerHello."""


class Session(View, Protocol):
    """A handshake that is completed, and the bytes under it: `certhia._core.Handshake` and `openssl.Session`."""

    @property
    def signature(self) -> str:
        """Of the handshake: "good", "bad", "unchecked"."""

    @property
    def closed(self) -> bool:
        """Whether the peer said close_notify: nothing more comes (RFC 8446 section 6.1)."""

    def outgoing(self) -> bytes:
        """What is to be sent now; each byte once."""

    def feed(self, data: bytes) -> str:
        """Takes what came; "more", "done" (application data may be sent) or "failed"."""

    def send(self, data: bytes) -> None:
        """Application data, for `outgoing`."""

    def received(self) -> bytes:
        """Application data that came; each byte once."""

    def close(self) -> None:
        """Says close_notify, for `outgoing`."""


def shake(session: Session) -> Conversation[None]:
    """Completes the handshake on an open connection. Raises ScanFailure with the session's fault."""
    state = "more"
    while state == "more":
        data = yield Send(session.outgoing(), "handshake")
        if not data:
            raise ScanFailure("closed", "handshake")
        state = session.feed(data)
    if state == "failed":
        alert = session.outgoing()
        if alert:
            yield Tell(alert)
        raise fault(session, "handshake")
    last = session.outgoing()
    if last:
        yield Tell(last)


def fault(view: View, step: str) -> ScanFailure:
    """Why it failed."""
    kind, detail = view.fault or ("malformed", "")
    return ScanFailure(kind, step, detail)


def say(
    session: Session, data: bytes, step: str = "http", within: float | None = None
) -> Generator[Step, bytes, bytes]:
    """Sends application data (b"": only receives) and gives the next that comes; b"" at the peer's end.

    Raises:
        ScanFailure: as connections fail, and "alert" or "malformed" where the session does.
    """
    if data:
        session.send(data)
    while True:
        came = session.received()
        if came or session.closed:  # who says close_notify may well leave the connection open
            return came
        data = yield Send(session.outgoing(), step, within)
        if not data:
            return session.received()
        if session.feed(data) == "failed":
            came = session.received()
            if came:
                return came
            raise fault(session, step)
