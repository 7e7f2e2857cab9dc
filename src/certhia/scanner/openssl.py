"""A session by OpenSSL, for what the core's handshake refuses: TLS 1.0 and 1.1, old suites, odd servers.

It judges nothing: every certificate, every suite that OpenSSL still has, every key length. What is shown in the clear
is read by the core's `Flight` from the same bytes.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from certhia._core import Flight
from certhia.render import terminal

MAX_HANDSHAKE: Final = 262_144  # bytes of a handshake
_LEGACY_SERVERS: Final = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT: servers without RFC 5746
_VERSIONS: Final = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_NOT_TLS: Final = frozenset(("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNKNOWN_PROTOCOL"))
_TOO_LARGE: Final = frozenset(("EXCESSIVE_MESSAGE_SIZE", "LENGTH_TOO_LONG", "DATA_LENGTH_TOO_LONG"))


@lru_cache(maxsize=16)
def _context(alpn: tuple[str, ...], lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that the old versions are old is what we look for
        context.minimum_version = lowest
        context.maximum_version = highest
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVERS | ssl.OP_NO_TICKET
    context.post_handshake_auth = False
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class Session:
    """As `sessions.Session` says.

    Args:
        server_name: for SNI; None for none.
        alpn: protocols to offer.
        lowest: the oldest version to speak.
        highest: the newest.

    Attributes:
        closed: whether the peer said close_notify.
    """

    signature = "unchecked"

    def __init__(
        self,
        server_name: str | None,
        *,
        alpn: Sequence[str] = (),
        lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1,
        highest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = _context(tuple(alpn), lowest, highest).wrap_bio(self._in, self._out, server_hostname=server_name)
        self._flight = Flight()
        self._fed = 0
        self._done = False
        self.closed = False
        self._fault: tuple[str, str] | None = None
        self._received = bytearray()
        self._shake()

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        return self._out.read()

    def feed(self, data: bytes) -> str:
        """Takes what came."""
        if self._fault is not None:
            return "failed"
        self._in.write(data)
        if self._done:
            self._read()
        else:
            self._fed += len(data)
            self._flight.feed(data)
            self._shake()
            if self._fed > MAX_HANDSHAKE and not self._done:
                self._fault = ("too-large", f"more than {MAX_HANDSHAKE} bytes of a handshake")
        if self._fault is not None and not self._received:
            return "failed"
        return "done" if self._done else "more"

    def send(self, data: bytes) -> None:
        """Application data. At most some kilobytes: all of it is taken at once."""
        self._ssl.write(data)

    def received(self) -> bytes:
        """Application data that came."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def close(self) -> None:
        """Says close_notify."""
        try:
            self._ssl.unwrap()
        except ssl.SSLError:  # it says ours, and would wait for the peer's
            return

    def _shake(self) -> None:
        try:
            self._ssl.do_handshake()
        except ssl.SSLWantReadError:
            return
        except (ssl.SSLError, ValueError) as error:
            self._fault = self._flight.fault or _fault(error)
            return
        self._done = True
        self._read()

    def _read(self) -> None:
        while True:
            try:
                data = self._ssl.read(65_536)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                self.closed = True
                return
            except ssl.SSLError as error:
                self._fault = _fault(error)
                return
            if not data:
                self.closed = True
                return
            self._received += data

    @property
    def version(self) -> int | None:
        """As on the wire."""
        spoken = self._ssl.version() if self._done else None
        return _VERSIONS.get(spoken) if spoken else self._flight.version

    @property
    def cipher(self) -> int | None:
        """The suite's number."""
        return self._flight.cipher

    @property
    def group(self) -> int | None:
        """Of the key exchange."""
        return self._flight.group

    @property
    def alpn(self) -> str | None:
        """The protocol chosen."""
        return self._ssl.selected_alpn_protocol() if self._done else self._flight.alpn

    @property
    def certificates(self) -> list[bytes]:
        """DER, leaf first: as shown in the clear, else as OpenSSL has them."""
        shown = self._flight.certificates
        if shown or not self._done:
            return shown
        return _chain(self._ssl)

    @property
    def staple(self) -> bytes | None:
        """OCSP response: `ssl` asks for none."""
        return self._flight.staple

    @property
    def scts(self) -> list[bytes]:
        """Of the TLS extension: `ssl` asks for none."""
        return self._flight.scts

    @property
    def client_certificate(self) -> bool:
        """Whether one was asked for, as far as that is said in the clear."""
        return self._flight.client_certificate

    @property
    def alert(self) -> tuple[int, int] | None:
        """(level, code) of the last alert in the clear."""
        return self._flight.alert

    @property
    def fault(self) -> tuple[str, str] | None:
        """(kind, detail) once it failed."""
        return self._fault

    @property
    def ja3s(self) -> str | None:
        """As text."""
        return self._flight.ja3s


def _chain(connection: ssl.SSLObject) -> list[bytes]:
    """All certificates as sent, where this Python tells them (3.13, or what is under 3.10 to 3.12); else the leaf."""
    public = getattr(connection, "get_unverified_chain", None)
    if public is not None:
        return list(public() or ())[:16]
    inner = getattr(getattr(connection, "_sslobj", None), "get_unverified_chain", None)
    if inner is not None:
        return [certificate.public_bytes(2) for certificate in inner() or ()][:16]  # 2: DER
    leaf = connection.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def _fault(error: Exception) -> tuple[str, str]:
    """What OpenSSL's reason is here: "TLSV1_ALERT_PROTOCOL_VERSION" is an alert that came."""
    reason = getattr(error, "reason", None) or str(error)
    for prefix in ("SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV13_ALERT_", "TLSV1_"):
        if reason.startswith(prefix):
            return "alert", reason.removeprefix(prefix).lower()
    detail = terminal(reason.lower().replace("_", " ")[:120])
    if reason in _NOT_TLS:
        return "not-tls", detail
    return ("too-large" if reason in _TOO_LARGE else "malformed"), detail
