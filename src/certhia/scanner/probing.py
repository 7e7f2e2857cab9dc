"""The conversation of one target: what it shows in the clear where it does, a whole handshake where it must be.

First a ClientHello for TLS 1.0 to 1.2, whose servers show their chain in the clear: it is read and the connection cut
off. A server that wants none of that is asked again, by a whole handshake of TLS 1.3.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from certhia._core import Flight, Handshake, Hello, registrable_domain
from certhia.clock import Clock
from certhia.errors import Malformed
from certhia.render import quoted
from certhia.scanner import openssl, starttls
from certhia.scanner.conversation import RECEIVE, Again, Connect, Conversation, Extend, Send
from certhia.scanner.enumerating import enumerated
from certhia.scanner.failures import PASSING, Expired, ScanFailure
from certhia.scanner.fingerprints import jarm
from certhia.scanner.records import Enumerated, Failure, Fingerprints, Http, Served, Target
from certhia.scanner.sessions import Session, View, shake
from certhia.scanner.ways import Way, another, uncertified

WEB: Final = ("h2", "http/1.1")
# TLS at once, and nothing of HTTP under it: no ALPN is offered there.
NOT_WEB: Final = frozenset((465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 3269, 5061, 5223, 5671, 6379, 6697, 8883))

_BACKOFF: Final = 0.5
_LONGEST: Final = 8.0
_RANDOM: Final = 64
_POOL: Final = 64 * _RANDOM
SHOWN: Final = 4 << 20  # bytes that are kept of what servers showed
SIZE: Final = 1000  # that one takes besides its certificates

# What is asked under a finished handshake, given the target and what it showed.
Content: TypeAlias = Callable[[Session, Target, Served], Conversation[Http]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How targets are asked.

    Attributes:
        full: complete every handshake.
        content: what is asked under TLS; completes the handshake, and offers HTTP/1.1 alone.
        fingerprints: JARM and JA3S.
        enumerate: versions and suites.
        retries: further attempts where a moment may help.
        by_domain: connections are counted by registrable domain besides the address.
    """

    full: bool = False
    content: Content | None = None
    fingerprints: bool = False
    enumerate: bool = False
    retries: int = 0
    by_domain: bool = False


class Seen(NamedTuple):
    """What a conversation gave.

    Attributes:
        served: the handshake.
        failure: what went wrong after that.
        http: what came of `Manner.content`.
        fingerprints: of `Manner.fingerprints`.
        enumerated: of `Manner.enumerate`.
    """

    served: Served
    failure: Failure | None = None
    http: Http | None = None
    fingerprints: Fingerprints | None = None
    enumerated: Enumerated | None = None


class Prober:
    """Makes conversations.

    Args:
        manner: how targets are asked.
        clock: spreads retries.
    """

    def __init__(self, manner: Manner | None = None, clock: Clock | None = None) -> None:
        self._manner = manner or Manner()
        self._clock = clock or Clock()
        self._hellos: dict[tuple[str, ...], Hello] = {alpn: Hello(alpn=alpn) for alpn in ((), WEB)}
        self._first = "whole" if self._manner.full or self._manner.content else "glance"
        self._extras = self._manner.fingerprints or self._manner.enumerate
        self._by_domain = self._manner.by_domain
        self._ways: dict[
            tuple[int, str | None], Way
        ] = {}  # those of addresses without a name: few, and they come again
        self._shown: dict[Served, Served] = {}
        self._size = 0  # bytes, of those
        self._pool = b""
        self._used = _POOL

    def talk(self, target: Target) -> Conversation[Seen]:
        """What is said to `target`. Its failure is a ScanFailure, where nothing was seen at all."""
        return self._again(target) if self._manner.retries else self._once(target)

    def _once(self, target: Target) -> Conversation[Seen]:
        """One attempt. For most targets it is one generator, `_glance`: each more costs a microsecond or two."""
        way = self._way(target)
        talk = self._glance(target, way, None) if self._first == "glance" else self._complete(target, way, None)
        return self._with_extras(target, talk) if self._extras else talk

    def _way(self, target: Target) -> Way:
        """The first way to ask it."""
        name = target.host if target.server_name == "" else target.server_name
        if name is not None:
            return Way(self._first, name, self.alpn(target))
        what = target.port, target.starttls
        way = self._ways.get(what)
        if way is None:
            way = self._ways[what] = Way(self._first, None, self.alpn(target))
        return way

    def _again(self, target: Target) -> Conversation[Seen]:
        for attempt in range(self._manner.retries):
            try:
                return (yield from self._once(target))
            except ScanFailure as failure:
                if failure.kind not in PASSING:
                    raise
            yield Again(self._clock.jitter(min(_LONGEST, _BACKOFF * 2**attempt), 0.5))
        return (yield from self._once(target))

    def _by(self, target: Target, way: Way, first: ScanFailure | None) -> Conversation[Seen]:
        """Asks in this way, then in others, as far as what the server said makes another one worth while. `first`: what
        went wrong at the first way."""
        return self._glance(target, way, first) if way.how == "glance" else self._complete(target, way, first)

    def _otherwise(
        self, target: Target, way: Way, failure: ScanFailure, first: ScanFailure | None
    ) -> Conversation[Seen]:
        following = None if isinstance(failure, Expired) else another(way, failure, first)
        if following is None:
            raise failure
        return self._by(target, following, first or failure)

    def alpn(self, target: Target) -> tuple[str, ...]:
        """What is offered to `target`."""
        if target.port in NOT_WEB or starttls.protocol(target.starttls, target.port):
            return ()
        return WEB[1:] if self._manner.content else WEB

    def open(self, target: Target) -> Conversation[None]:
        """Up to where TLS may begin."""
        domain = domain_of(target.host) if target.host and self._by_domain else ""
        yield Connect(target.address, target.port, domain)
        protocol = starttls.protocol(target.starttls, target.port)
        if protocol:
            yield from starttls.PROTOCOLS[protocol](target.host or target.address)

    def _glance(self, target: Target, way: Way, first: ScanFailure | None) -> Conversation[Seen]:
        """The flight of TLS 1.0 to 1.2, in the clear, and no more."""
        flight = Flight()
        try:
            host, address, port = target.host, target.address, target.port
            yield Connect(address, port, domain_of(host) if host and self._by_domain else "")
            protocol = starttls.protocol(target.starttls, port)
            if protocol:
                yield from starttls.PROTOCOLS[protocol](host or address)
            data = yield Send(self._hello(way), "hello")
            state = flight.feed(data) if data else "closed"
            while state == "more":
                data = yield RECEIVE
                state = flight.feed(data) if data else "closed"
            if state == "done":
                served = self._served(flight, way)
                if served.certificates:
                    return Seen(served if served.server_name else self._same(served))
            raise ScanFailure("closed", "hello") if state == "closed" else uncertified(flight)
        except ScanFailure as error:
            failure = error
        if flight.certificates:
            return Seen(self._served(flight, way), Failure(failure.kind, failure.step, failure.detail))
        return (yield from self._otherwise(target, way, failure, first))

    def _complete(self, target: Target, way: Way, first: ScanFailure | None) -> Conversation[Seen]:
        """A whole handshake, and what is asked under it."""
        yield from self.open(target)
        session = self._session(way)
        try:
            yield from shake(session)
        except ScanFailure as error:
            failure = error
        else:
            return (yield from self._under(session, target, way))
        if session.certificates:
            served = self._served(session, way, note="asks for a client certificate" * session.client_certificate)
            return Seen(served, Failure(failure.kind, failure.step, failure.detail))
        return (yield from self._otherwise(target, way, failure, first))

    def _under(self, session: Session, target: Target, way: Way) -> Conversation[Seen]:
        served = self._served(session, way, complete=True, signature=session.signature)
        if self._manner.content is None or not self.alpn(target):  # mail and the like have no pages
            return Seen(served)
        try:
            return Seen(served, http=(yield from self._manner.content(session, target, served)))
        except ScanFailure as failure:
            return Seen(served, Failure(failure.kind, failure.step, failure.detail))

    def _session(self, way: Way) -> Session:
        try:
            if way.how == "old":
                return openssl.Session(way.server_name, alpn=way.alpn)
            return Handshake(way.server_name, alpn=way.alpn)
        except (ValueError, TypeError) as error:
            raise ScanFailure("local", "handshake", _unsayable(way, error)) from None

    def _hello(self, way: Way) -> bytes:
        if self._used >= _POOL:
            self._pool, self._used = os.urandom(_POOL), 0
        start = self._used
        self._used += _RANDOM
        try:
            return self._hellos[way.alpn].make(way.server_name, self._pool[start : self._used])
        except Malformed as error:
            raise ScanFailure("local", "hello", _unsayable(way, error)) from None

    def _same(self, served: Served) -> Served:
        """What another server showed, where it is equal: whoever handles it later need not compare certificates, which
        are at hand now."""
        known = self._shown.get(served)
        if known is not None:
            return known
        self._size += SIZE + sum(map(len, served.certificates))
        if self._size > SHOWN:
            self._shown.clear()
            self._size = 0
        self._shown[served] = served
        return served

    def _served(
        self, view: View, way: Way, *, complete: bool = False, signature: str = "unchecked", note: str = ""
    ) -> Served:
        return Served(
            view.version or 0,
            view.cipher or 0,
            view.group,
            view.alpn,
            tuple(view.certificates),
            view.staple,
            tuple(view.scts),
            view.client_certificate,
            complete,
            signature,
            _md5(view.ja3s) if self._manner.fingerprints else None,
            way.server_name,
            f"{way.note}; {note}" if way.note and note else way.note or note,
        )

    def _with_extras(self, target: Target, talk: Conversation[Seen]) -> Conversation[Seen]:
        """What `--fingerprints` and `--enumerate` ask besides, with deadlines of their own; what fails of it leaves the
        rest as it is. What was asked before may have ended with the deadline: so both begin with `Extend`."""
        seen: Seen = yield from talk
        name = seen.served.server_name

        def reach() -> Conversation[None]:
            return self.open(target)

        found: dict[str, Any] = {}
        failures = [seen.failure] if seen.failure is not None else []
        if self._manner.fingerprints:
            print_of = None
            yield Extend()
            try:
                print_of = yield from jarm(reach, name or target.host or target.address)
            except ScanFailure as failure:
                failures.append(Failure(failure.kind, failure.step, failure.detail))
            found["fingerprints"] = Fingerprints(print_of, seen.served.ja3s)
        if self._manner.enumerate:
            try:
                found["enumerated"] = yield from enumerated(reach, name)
            except ScanFailure as failure:
                failures.append(Failure(failure.kind, failure.step, failure.detail))
        return seen._replace(**found, failure=failures[0] if failures else None)


def _unsayable(way: Way, error: Exception) -> str:
    return f"the server name {quoted(way.server_name or '')}: {error}"


def _md5(text: str | None) -> str | None:
    return None if text is None else hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=4096)
def domain_of(host: str) -> str:
    """The registrable domain, or the name itself where there is none."""
    return registrable_domain(host) or host
