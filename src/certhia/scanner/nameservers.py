"""Questions to name servers, by aiodns: one record type of one name each, nothing remembered."""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

import aiodns
import pycares

from certhia import render
from certhia.errors import ConfigError
from certhia.scanner.answers import Record, Unanswered

INSTEAD: Final = "write 1.1.1.1, 9.9.9.9:53 or [2620:fe::fe]:53"

_BRACKETS = re.compile(r"\[([^\[\]]*)\](?::(.*))?")

_RENEWED: Final = 8192  # questions; c-ares remembers all that it was told, for up to an hour
_ALONE: Final = 32  # questions that have a socket of their own, at once
_KINDS: Final = {1: "A", 2: "NS", 5: "CNAME", 12: "PTR", 15: "MX", 28: "AAAA", 257: "CAA"}
_NUMBERS: Final = {kind: number for number, kind in _KINDS.items()}
_VERBATIM: Final = ("A", "AAAA", "CAA")
_VALUES: Final = {1: "addr", 2: "nsdname", 5: "cname", 12: "dname", 15: "exchange", 28: "addr"}

# What c-ares calls it: what we call it.
_WORDS: Final = {
    "ARES_ENODATA": "NODATA",
    "ARES_EFORMERR": "FORMERR",
    "ARES_ESERVFAIL": "SERVFAIL",
    "ARES_ENOTFOUND": "NXDOMAIN",
    "ARES_ENOTIMP": "NOTIMP",
    "ARES_EREFUSED": "REFUSED",
    "ARES_EBADNAME": "not a name that can be asked for",
    "ARES_ETIMEOUT": "no answer in time",
    "ARES_ECONNREFUSED": "no name server can be reached",
    "ARES_EBADRESP": "malformed answer",
    "ARES_ECANCELLED": "stopped",
    "ARES_EDESTRUCTION": "stopped",
}
_WORDS_BY_NUMBER: Final[dict[object, str]] = {getattr(pycares.errno, name): word for name, word in _WORDS.items()}


def read_servers(text: str) -> tuple[str, ...]:
    """Name servers as people write them, separated by commas: addresses, each with a port or without. Raises
    ConfigError."""
    found: dict[str, None] = {}
    for piece in text.split(","):
        if written := piece.strip():
            found[_server(written)] = None
    if not found:
        raise ConfigError(f"{render.quoted(text)} holds no name server; {INSTEAD}")
    return tuple(found)


def _server(written: str) -> str:
    bracketed = _BRACKETS.fullmatch(written)
    if bracketed:
        host, port = bracketed[1], bracketed[2] or "53"
    elif written.count(":") == 1:
        host, _, port = written.partition(":")
    else:
        host, port = written, "53"
    try:
        address = ip_address(host)
    except ValueError as error:
        raise ConfigError(f"the name server {render.quoted(written)} is no address; {INSTEAD}") from error
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ConfigError(f"the name server {render.quoted(written)} has a port that is none; {INSTEAD}")
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


_Said: TypeAlias = "tuple[pycares.DNSResult | None, int | None]"  # an answer, or what c-ares calls what went wrong


class _OnLoop(aiodns.DNSResolver):
    """aiodns on the loop's own thread. Left alone it lets c-ares have a thread, and both fight over the interpreter:
    a question then costs half as much again."""

    def _make_channel(self, **kwargs: Any) -> tuple[bool, pycares.Channel]:
        weak = weakref.ref(self)

        def changed(number: int, readable: bool, writable: bool) -> None:
            if (alive := weak()) is not None:
                alive._sock_state_cb(number, readable, writable)

        return False, pycares.Channel(sock_state_cb=changed, timeout=self._timeout, **kwargs)

    def asked(self, name: str, number: int) -> asyncio.Future[_Said]:
        """As `query_dns`, but for what that costs besides: the answer comes with its error, and neither is raised."""
        future: asyncio.Future[_Said] = self.loop.create_future()

        def said(result: pycares.DNSResult | None, error: int | None) -> None:
            if not future.done():
                future.set_result((result, error))

        try:
            self._channel.query(name, number, callback=said)
        except pycares.AresError as error:
            said(None, error.args[0])
        return future


class _Turn:
    """One of the resolvers that take over from each other."""

    __slots__ = ("left", "open", "resolver")

    def __init__(self, resolver: _OnLoop) -> None:
        self.resolver = resolver
        self.left = _RENEWED
        self.open = 0


class Nameservers:
    """Asks the servers that it was given, by turns; without any those of the system. Belongs to one event loop.

    Args:
        servers: as `read_servers` gives them.
        timeout: seconds until a server is asked again, or another; doubled with each round.
        tries: rounds.
        deadline: seconds for one question, whatever happens.
    """

    def __init__(
        self, servers: Sequence[str] = (), *, timeout: float = 2.0, tries: int = 2, deadline: float = 10.0
    ) -> None:
        self._servers = list(servers) or None
        flags = pycares.ARES_FLAG_NOSEARCH  # a name is what it says, and the local network is told of no other
        self._options = {"timeout": timeout, "tries": tries, "rotate": len(servers) > 1, "flags": flags}
        self._deadline = deadline
        self._now: _Turn | None = None
        self._old: set[_Turn] = set()
        self._turns = asyncio.Semaphore(_ALONE)

    async def ask(self, name: str, kind: str) -> list[Record]:
        """The records of the answer. Raises Unanswered."""
        turn = self._now
        if turn is None or not turn.left:
            turn = await self._renewed()
        turn.left -= 1
        turn.open += 1
        try:
            said, error = await self._put(turn.resolver, name, kind)
        finally:
            turn.open -= 1
            if not turn.open and turn in self._old:
                self._old.discard(turn)
                await turn.resolver.close()
        if said is None and error == pycares.errno.ARES_EBADRESP:
            said, error = await self._alone(name, kind)
        if said is None:
            raise Unanswered(_WORDS_BY_NUMBER.get(error, f"error {error}"))
        records = []
        for one in said.answer:
            if kind_of := _KINDS.get(one.type):
                data = one.data
                value = _caa(data) if isinstance(data, pycares.CAARecordData) else getattr(data, _VALUES[one.type])
                value = value if kind_of in _VERBATIM else _plain(value)
                records.append(Record(name if one.name == name else _plain(one.name), kind_of, value, one.ttl))
        return records

    async def _put(self, resolver: _OnLoop, name: str, kind: str) -> _Said:
        """One question to one resolver. Raises Unanswered for what is no name."""
        try:
            future = resolver.asked(name, _NUMBERS[kind])
        except UnicodeError:
            raise Unanswered("not a name that can be asked for") from None
        late = resolver.loop.call_later(self._deadline, _expire, future)
        try:
            return await future
        finally:
            late.cancel()

    async def _alone(self, name: str, kind: str) -> _Said:
        """Once more, where nobody else's answer can be held against it: after a malformed one c-ares gives up the
        socket, and with it all that was asked there."""
        async with self._turns:
            resolver = self._made()
            try:
                return await self._put(resolver, name, kind)
            finally:
                await resolver.close()

    async def close(self) -> None:
        """Ends; questions that are open get no answer."""
        turns = [*self._old, *([self._now] if self._now is not None else [])]
        self._old, self._now = set(), None
        for turn in turns:
            await turn.resolver.close()

    async def __aenter__(self) -> Nameservers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _renewed(self) -> _Turn:
        """A resolver that remembers nothing takes over; the one before ends with its last question."""
        before = self._now
        turn = self._now = _Turn(self._made())
        if before is not None and before.open:
            self._old.add(before)
        elif before is not None:
            await before.resolver.close()
        return turn

    def _made(self) -> _OnLoop:
        try:
            return _OnLoop(self._servers, loop=asyncio.get_running_loop(), **self._options)
        except pycares.AresError as error:
            raise Unanswered(f"name lookups can't begin: {render.terminal(str(error))}") from error


def _expire(future: asyncio.Future[_Said]) -> None:
    if not future.done():
        future.set_result((None, pycares.errno.ARES_ETIMEOUT))


def _caa(data: pycares.CAARecordData) -> str:
    """As zone files have it (RFC 8659 section 4.1.1), but that no value is in quotes: flags, tag, value."""
    return f"{data.critical} {data.tag} {data.value}"


def _plain(name: str | bytes) -> str:
    """As pycares gives names: bytes where they are no ASCII."""
    text = name if isinstance(name, str) else name.decode("latin-1")
    return text.lower().removesuffix(".")
