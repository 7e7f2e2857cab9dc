"""A name server to test against, on loopback, that can be told to misbehave.

    dns = FakeDns()
    dns.add("www.example.com", "192.0.2.1", "2001:db8::1", ttl=60)
    dns.misbehave("slow.example.com", "silent")
    async with dns.serve() as address:            # "127.0.0.1:40123", over UDP and TCP
        ...
    assert dns.asked == [("www.example.com", "A")]

Messages are those of RFC 1035 without compression.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import cast

KINDS = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 28: "AAAA", 257: "CAA"}
_NUMBERS = {name: number for number, name in KINDS.items()}
_RCODES = {"servfail": 2, "nxdomain": 3, "notimp": 4, "refused": 5}
HOWS = (*_RCODES, "silent", "slow", "wrong-id", "wrong-name", "truncated", "garbage", "loop", "alias-alone")
_DEEP = 20  # aliases followed for an answer


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record; `value` is text: an address or a name, of CAA flags, tag and value."""

    owner: str
    kind: str
    value: str
    ttl: int


@dataclass
class FakeDns:
    """A name server; names that it was not told of do not exist, or have the addresses of `others`.

    Attributes:
        asked: (name in lower case, kind) of each question, in order.
        others: addresses of all names that it was not told of.
    """

    asked: list[tuple[str, str]] = field(default_factory=list)
    others: Sequence[str] = ()
    _turns: dict[tuple[str, str], list[tuple[Record, ...]]] = field(default_factory=dict)
    _hows: dict[str, tuple[str, float]] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    def add(self, name: str, *addresses: str, ttl: int = 300) -> None:
        """Gives a name addresses of both versions; without any it exists and has none."""
        by_kind: dict[str, list[Record]] = {"A": [], "AAAA": []}
        for address in addresses:
            kind = "AAAA" if isinstance(ip_address(address), IPv6Address) else "A"
            by_kind[kind].append(Record(name.lower(), kind, address, ttl))
        for kind, records in by_kind.items():
            self._turns[name.lower(), kind] = [tuple(records)]

    def rebind(self, name: str, *addresses: str, ttl: int = 0) -> None:
        """Gives a name another address each time that it is asked for; the last one stays."""
        for kind, version in (("A", 4), ("AAAA", 6)):
            turns = [
                (Record(name.lower(), kind, one, ttl),) if ip_address(one).version == version else ()
                for one in addresses
            ]
            self._turns[name.lower(), kind] = list(turns)

    def alias(self, name: str, other: str, ttl: int = 300) -> None:
        """A CNAME record."""
        self._turns[name.lower(), "CNAME"] = [(Record(name.lower(), "CNAME", other.lower(), ttl),)]

    def pointer(self, address: str, *names: str, ttl: int = 300) -> None:
        """PTR records of an address. The names go out as they stand, so that they may be none."""
        reverse = ip_address(address).reverse_pointer
        self._turns[reverse, "PTR"] = [tuple(Record(reverse, "PTR", name, ttl) for name in names)]

    def authorize(self, name: str, *values: str, ttl: int = 300) -> None:
        """CAA records of a name: "0 issue ca.example"."""
        self._turns[name.lower(), "CAA"] = [tuple(Record(name.lower(), "CAA", value, ttl) for value in values)]

    def delegate(self, name: str, *servers: str, ttl: int = 300) -> None:
        """NS records of a name."""
        self._turns[name.lower(), "NS"] = [tuple(Record(name.lower(), "NS", one, ttl) for one in servers)]

    def mail(self, name: str, *exchanges: str, ttl: int = 300) -> None:
        """MX records of a name, each as much wanted as the others."""
        self._turns[name.lower(), "MX"] = [tuple(Record(name.lower(), "MX", one, ttl) for one in exchanges)]

    def misbehave(self, name: str, how: str, seconds: float = 0.0) -> None:
        """Answers questions for a name as one of `HOWS`; `seconds` is how slow."""
        if how not in HOWS:
            raise ValueError(f"{how!r} is none of {', '.join(HOWS)}")
        self._hows[name.lower()] = (how, seconds)

    def behave(self, name: str) -> None:
        """Answers as it should again."""
        self._hows.pop(name.lower(), None)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serves over UDP and TCP on one port; gives `host:port`, as resolvers take it."""
        loop = asyncio.get_running_loop()
        for _ in range(20):  # a port that is free for one protocol may not be for the other
            udp, _protocol = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(host, port))
            chosen = udp.get_extra_info("sockname")[1]
            try:
                tcp = await asyncio.start_server(self._talk, host, chosen, family=socket.AF_UNSPEC)
                break
            except OSError:
                udp.close()
        else:
            raise OSError("no port is free for both UDP and TCP")
        try:
            yield f"[{host}]:{chosen}" if ":" in host else f"{host}:{chosen}"
        finally:
            udp.close()
            tcp.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.gather(*self._talks, return_exceptions=True)
            await tcp.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if task := asyncio.current_task():
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                question = await reader.readexactly(length)
                self.answer(question, lambda reply: writer.write(struct.pack("!H", len(reply)) + reply), tcp=True)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    def answer(self, message: bytes, send: Callable[[bytes], object], *, tcp: bool = False) -> None:
        """Sends what this question deserves: at once, later or never."""
        name, kind, question = _question(message)
        self.asked.append((name, kind))
        how, seconds = self._hows.get(name, ("", 0.0))
        if how == "silent":
            return
        if how == "garbage":
            send(message[:2] + b"\xff" * 20)
        elif how == "loop":  # a name that is a pointer to itself
            pointer = struct.pack("!H", 0xC000 | (12 + len(question)))
            head = message[:2] + struct.pack("!5H", 0x8580, 1, 1, 0, 0)
            send(head + question + pointer + struct.pack("!HHIH", 1, 1, 0, 4) + bytes((192, 0, 2, 66)))
        elif how == "wrong-id":
            send(bytes((message[0] ^ 0xFF, message[1])) + self._reply(message, name, kind, question)[2:])
        elif how == "wrong-name":
            other = _name("other.example") + question[-4:]
            send(self._reply(message, name, kind, other))
        elif how == "truncated" and not tcp:
            send(message[:2] + struct.pack("!5H", 0x8780, 1, 0, 0, 0) + question)
        elif how == "slow":
            loop = asyncio.get_running_loop()
            loop.call_later(seconds, send, self._reply(message, name, kind, question))
        else:
            send(self._reply(message, name, kind, question, how))

    def _reply(self, message: bytes, name: str, kind: str, question: bytes, how: str = "") -> bytes:
        records, exists = self._found(name, kind, how == "alias-alone")
        code = _RCODES.get(how, 0 if exists else 3)
        if code:
            records = []
        head = message[:2] + struct.pack("!5H", 0x8580 | code, 1, len(records), 0, 0)
        return b"".join((head, question, *map(_wire, records)))

    def _found(self, name: str, kind: str, alone: bool) -> tuple[list[Record], bool]:
        """The records of an answer, and whether the name at its end exists."""
        records: list[Record] = []
        for _ in range(_DEEP):
            alias = self._turn(name, "CNAME")
            if not alias or kind == "CNAME":
                break
            records += alias
            name = alias[0].value
            if alone:
                return records, True
        records += self._turn(name, kind)
        known = bool(records) or any((name, each) in self._turns for each in KINDS.values())
        if not known and self.others:
            versions = [(4, "A"), (6, "AAAA")]
            records += [
                Record(name, which, one, 60)
                for version, which in versions
                for one in self.others
                if which == kind and ip_address(one).version == version
            ]
            known = True
        return records, known

    def _turn(self, name: str, kind: str) -> tuple[Record, ...]:
        turns = self._turns.get((name, kind))
        if not turns:
            return ()
        return turns.pop(0) if len(turns) > 1 else turns[0]


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, dns: FakeDns) -> None:
        self._dns = dns

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # which the selector's is not, before 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._dns.answer(data, lambda reply: self._send(reply, addr))

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(reply, addr)


def _question(message: bytes) -> tuple[str, str, bytes]:
    """Name in lower case, kind, and the question as it stands."""
    labels, at = [], 12
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    (number,) = struct.unpack_from("!H", message, at + 1)
    return ".".join(labels), KINDS.get(number, str(number)), message[12 : at + 5]


def _name(text: str) -> bytes:
    labels = [label.encode("latin-1") for label in text.split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _wire(record: Record) -> bytes:
    data = _data(record)
    return _name(record.owner) + struct.pack("!HHIH", _NUMBERS[record.kind], 1, record.ttl, len(data)) + data


def _data(record: Record) -> bytes:
    if record.kind in {"A", "AAAA"}:
        return ip_address(record.value).packed
    if record.kind == "MX":
        return struct.pack("!H", 10) + _name(record.value)
    if record.kind != "CAA":
        return _name(record.value)
    flags, tag, value = (*record.value.split(" ", 2), "")[:3]
    return bytes((int(flags), len(tag))) + tag.encode() + value.encode("latin-1")
