from __future__ import annotations

import asyncio
import struct

import pytest

from certhia.testing.dns import HOWS, FakeDns


def question(name: str, kind: int = 1, identity: int = 7) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    return struct.pack("!6H", identity, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def replies(dns: FakeDns, message: bytes, *, tcp: bool = False) -> list[bytes]:
    said: list[bytes] = []
    dns.answer(message, said.append, tcp=tcp)
    return said


def head(reply: bytes) -> tuple[int, int, int]:
    """Identity, response code and number of answers."""
    identity, flags, _, answers = struct.unpack_from("!4H", reply)
    assert flags & 0x8000
    return identity, flags & 15, answers


def test_what_it_was_told_of_and_what_not() -> None:
    dns = FakeDns()
    dns.add("www.example.com", "192.0.2.1", "2001:db8::1")
    dns.add("none.example")
    assert head(replies(dns, question("WWW.example.com"))[0]) == (7, 0, 1)
    assert head(replies(dns, question("www.example.com", 28))[0]) == (7, 0, 1)
    assert head(replies(dns, question("none.example"))[0]) == (7, 0, 0)
    assert head(replies(dns, question("nowhere.example"))[0]) == (7, 3, 0)
    assert dns.asked == [
        ("www.example.com", "A"),
        ("www.example.com", "AAAA"),
        ("none.example", "A"),
        ("nowhere.example", "A"),
    ]


def test_mail_and_name_servers() -> None:
    dns = FakeDns()
    dns.mail("example.com", "mx.example.com")
    dns.delegate("example.com", "ns1.example.net", "ns2.example.net")
    assert b"\0\x0a\x02mx\x07example\x03com\0" in replies(dns, question("example.com", 15))[0]
    assert head(replies(dns, question("example.com", 2))[0]) == (7, 0, 2)


def test_all_others_may_have_addresses_too() -> None:
    dns = FakeDns(others=["192.0.2.9"])
    dns.add("none.example")
    assert head(replies(dns, question("any.example"))[0]) == (7, 0, 1)
    assert head(replies(dns, question("any.example", 28))[0]) == (7, 0, 0)
    assert head(replies(dns, question("none.example"))[0]) == (7, 0, 0)


def test_aliases_come_with_what_they_lead_to_unless_alone() -> None:
    dns = FakeDns()
    dns.alias("a.example", "b.example")
    dns.add("b.example", "192.0.2.1")
    assert head(replies(dns, question("a.example"))[0])[2] == 2
    dns.misbehave("a.example", "alias-alone")
    assert head(replies(dns, question("a.example"))[0])[2] == 1
    dns.behave("a.example")
    assert head(replies(dns, question("a.example"))[0])[2] == 2
    dns.alias("l.example", "l.example")
    assert head(replies(dns, question("l.example"))[0])[2] == 20


def test_a_rebound_name_changes_with_each_question() -> None:
    dns = FakeDns()
    dns.rebind("x.example", "192.0.2.1", "127.0.0.1")
    values = [replies(dns, question("x.example"))[0][-4:] for _ in range(3)]
    assert values == [bytes((192, 0, 2, 1)), bytes((127, 0, 0, 1)), bytes((127, 0, 0, 1))]


def test_ways_to_misbehave() -> None:
    dns = FakeDns()
    for how in HOWS:
        dns.add(f"{how}.example", "192.0.2.1")
        dns.misbehave(f"{how}.example", how)
    assert [head(replies(dns, question(f"{how}.example"))[0])[1] for how in ("servfail", "refused", "notimp")] == [
        2,
        5,
        4,
    ]
    assert replies(dns, question("silent.example")) == []
    assert head(replies(dns, question("wrong-id.example"))[0])[0] != 7
    truncated = replies(dns, question("truncated.example"))[0]
    assert struct.unpack_from("!H", truncated, 2)[0] & 0x0200
    assert head(replies(dns, question("truncated.example"), tcp=True)[0])[2] == 1
    assert b"other" in replies(dns, question("wrong-name.example"))[0]
    assert len(replies(dns, question("garbage.example"))[0]) == 22
    with pytest.raises(ValueError, match="'rude' is none of"):
        dns.misbehave("x.example", "rude")


async def test_it_serves_over_both_protocols_and_answers_slowly_when_told() -> None:
    dns = FakeDns()
    dns.add("x.example", "192.0.2.1")
    dns.misbehave("x.example", "slow", 0.01)
    async with dns.serve() as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        message = question("x.example")
        writer.write(struct.pack("!H", len(message)) + message)
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        assert head(await reader.readexactly(length)) == (7, 0, 1)
        writer.close()
        await writer.wait_closed()
    assert dns.asked == [("x.example", "A")]
