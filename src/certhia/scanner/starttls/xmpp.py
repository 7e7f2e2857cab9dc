"""XMPP, as a client and as another server: RFC 6120 section 5.4. No XML is parsed: two phrases are looked for."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from certhia.scanner.conversation import Conversation
from certhia.scanner.starttls.reading import Reading, refused

_TLS: Final = b"urn:ietf:params:xml:ns:xmpp-tls"
_STREAM: Final = (
    "<?xml version='1.0'?><stream:stream xmlns='{space}' xmlns:stream='http://etherx.jabber.org/streams' "
    "to={to} version='1.0'>"
)
_FEATURES: Final = (b"</stream:features>", b"<stream:features/>", b"</stream:stream>", b"</stream:error>")
_ANSWERS: Final = (b"<proceed", b"<failure", b"</stream:stream>")


def client(host: str) -> Conversation[None]:
    """As a client of `host`."""
    return _open("jabber:client", host)


def server(host: str) -> Conversation[None]:
    """As a server that has mail for `host`."""
    return _open("jabber:server", host)


def _open(space: str, host: str) -> Conversation[None]:
    reading = Reading()
    stream = _STREAM.format(space=space, to=quoteattr(host)).encode()
    features = yield from reading.until(stream, lambda held: _past(held, _FEATURES))
    if _TLS not in features:
        error = features.find(b"<stream:error")
        raise refused(features[error:] if error >= 0 else b"", "TLS is not among the stream's features")
    answer = yield from reading.until(
        b"<starttls xmlns='" + _TLS + b"'/>", lambda held: held.find(b">", _past(held, _ANSWERS)) + 1
    )
    if b"<proceed" not in answer:
        raise refused(answer)


def _past(held: bytes, phrases: tuple[bytes, ...]) -> int:
    """Where the first of `phrases` ends; 0 where none is there."""
    found = [at + len(phrase) for phrase in phrases if (at := held.find(phrase)) >= 0]
    return min(found, default=0)
