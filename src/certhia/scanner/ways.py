"""Ways to ask a server, one after the other, as far as what it said makes another one worth while."""

from __future__ import annotations

from typing import Final, NamedTuple

from certhia._core import Flight
from certhia.scanner.failures import ScanFailure
from certhia.scanner.sessions import fault

# What servers say to a hello without TLS 1.3 when they speak nothing else.
_NEWER_ONLY: Final = frozenset(
    ("protocol_version", "handshake_failure", "insufficient_security", "illegal_parameter", "internal_error",
     "missing_extension", "decode_error", "unexpected_message", "unsupported_extension")
)  # fmt: skip
UNASKED: Final = "TLS 1.3, which was not offered"
# What the core's handshake says of a message above 64 kB, its library's limit: OpenSSL takes chains of 100 kB.
LARGE: Final = "a message that no handshake needs"
_CLEAR: Final = 0x0303  # the newest version whose servers show their chain in the clear


class Way(NamedTuple):
    """How a target is asked this time. `how`: "glance", "whole" (a handshake by the core) or "old" (one by OpenSSL)."""

    how: str
    server_name: str | None
    alpn: tuple[str, ...]
    note: str = ""


def another(way: Way, failure: ScanFailure, first: ScanFailure | None) -> Way | None:
    """Another way to ask, after `failure`; None where there is none. `first`: what went wrong at the first way."""
    if failure.kind == "alert":
        if failure.detail == "unrecognized_name" and way.server_name is not None:
            return way._replace(server_name=None, note=_noted(way, "unrecognized_name: asked again without SNI"))
        if failure.detail == "no_application_protocol" and way.alpn:
            return way._replace(alpn=(), note=_noted(way, "no_application_protocol: asked again without ALPN"))
    if way.how == "whole" and failure.kind == "too-large" and failure.detail == LARGE:
        return way._replace(how="old")
    if failure.step not in ("hello", "handshake") or failure.kind not in ("alert", "malformed", "closed", "reset"):
        return None
    if first is not None and first.step == "hello":
        return _behind_a_glance(way, failure, first)
    if way.how == "glance":
        # The first look, or the last that is left: then whole handshakes have failed.
        return way._replace(how="whole") if first is None and _may_be_newer(failure) else None
    # A whole handshake was wanted first. What hangs up at a hello of TLS 1.3 may still show its chain at one without.
    refused = way.how == "whole" and failure.kind in ("alert", "malformed")
    return way._replace(how="old" if refused else "glance")


def _behind_a_glance(way: Way, failure: ScanFailure, first: ScanFailure) -> Way | None:
    """What the glance offered is all that OpenSSL has up to TLS 1.2: it is of use where the server said that it speaks
    nothing so old, and the core's handshake did not agree with it on the rest."""
    if way.how == "glance":
        return way._replace(how="whole") if _may_be_newer(failure) else None
    refused = way.how == "whole" and failure.kind in ("alert", "malformed")
    return way._replace(how="old") if refused and first.detail == "protocol_version" else None


def _may_be_newer(failure: ScanFailure) -> bool:
    """Whether it is what servers say that speak TLS 1.3 alone; some say nothing and hang up."""
    if failure.kind == "alert":
        return failure.detail in _NEWER_ONLY
    return failure.kind in ("closed", "reset") or failure.detail == UNASKED


def uncertified(flight: Flight) -> ScanFailure:
    """Why a flight in the clear brought no certificate."""
    if flight.fault is not None:
        return fault(flight, "hello")
    newer = (flight.version or 0) > _CLEAR
    return ScanFailure("malformed", "hello", UNASKED if newer else "no certificate came")


def _noted(way: Way, note: str) -> str:
    return f"{way.note}; {note}" if way.note else note
