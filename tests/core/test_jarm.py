"""JARM's hellos byte by byte, and its readings and fingerprints by what others published."""

from __future__ import annotations

import hashlib
import re

import pytest
from tests.core.flights import ALERT, DONE, HANDSHAKE, certificates, extension, flight, record, server_hello

from certhia._core import Jarm
from certhia.errors import Malformed

RANDOM = bytes(range(64))
HOST = "jsonplaceholder.typicode.com"
GREASE = re.compile(rb"([\x0a\x1a\x2a\x3a\x4a\x5a\x6a\x7a\x8a\x9a\xaa\xba\xca\xda\xea\xfa])\1")
# SHA-256 of the ten of pyjarm 0.0.5 (Palo Alto Networks) for HOST, with what is random in them as `fixed` has it.
PUBLISHED = (
    "a144f00c96e93cce832d9c5a7f0c544048409ce971dbc5f15a1629727017fae9",
    "9416473295ed71a5ae96435282f79407570be338f0e8c7e6beea11ffc41b9485",
    "12109c1319b5b37f403a52da5cba3b1a3b30d4b56693f60aa1d3fe646aed2f6c",
    "54689f0c7282c1d742c8903497b2596f19043facf18d66bb85c9593aa052098b",
    "c66970d18ae5359dd1e9ed82d28ed1f6d59c4c54d0e6ef3064464c1b811b70eb",
    "6b3b213d12d2b70f197d0f7b555684503a149bbe5256542ffe76aaa110fa9d31",
    "a481807cb73fff23b4bd23c272c6de42100c952d2a07c1eb6d8715a6f64ed1c6",
    "9c734f0e597efacc3262793bb4bff3089d7bf336fdf092e1378cdf782e976072",
    "b9e14cd9f3091dffc215f0fc16e6c4f9953b42aebf17e27adbaa86c7a43be3db",
    "9ca38c7284281640fe213f5c9cdbbe57975a317e7bdb5507adaa4382c1942cd1",
)


def fixed(probe: bytes) -> bytes:
    """With stars for random bytes, and one of the GREASE values for any."""
    out = bytearray(probe)
    out[11:43] = out[44:76] = b"*" * 32
    key = probe.index(b"\0\x1d\0\x20", probe.index(b"\0\x33\0")) + 4
    out[key : key + 32] = b"*" * 32
    return GREASE.sub(b"\x0a\x0a", bytes(out))


def test_the_hellos_are_those_of_others() -> None:
    probes = Jarm.probes(HOST, RANDOM)
    assert [hashlib.sha256(fixed(probe)).hexdigest() for probe in probes] == list(PUBLISHED)


def test_what_is_random_follows_from_what_is_handed_in() -> None:
    probes = Jarm.probes(HOST, RANDOM)
    others = Jarm.probes(HOST, RANDOM[::-1])
    assert probes == Jarm.probes(HOST, RANDOM)
    parts = {probe[start : start + 32] for probe in (*probes, *others) for start in (11, 44)}
    assert len(parts) == 40
    assert [len(probe) for probe in probes] == [len(probe) for probe in others]


@pytest.mark.parametrize("name, random", [("", RANDOM), ("a b", RANDOM), ("x" * 254, RANDOM), ("a", RANDOM[1:])])
def test_what_makes_no_hello(name: str, random: bytes) -> None:
    with pytest.raises(Malformed):
        Jarm.probes(name, random)


@pytest.mark.parametrize(
    "data, text",
    [
        (b"", "|||"),
        (record(ALERT, b"\x02\x28"), "|||"),
        (b"HTTP/1.1 400 Bad Request\r\n", "|||"),
        (flight(server_hello(extension(65281, b"\0"), extension(16, b"\0\x03\x02h2"))), "c02f|0303|h2|ff01-0010"),
        (flight(server_hello(extension(23, b""), session=bytes(32), version=0x0301)), "c02f|0301||0017"),
        # Without extensions, another message behind or none.
        (flight(server_hello(), certificates([b"leaf"]), DONE), "c02f|0303||"),
        (record(HANDSHAKE, server_hello()) + record(HANDSHAKE, certificates([b"leaf"])), "c02f|0303||"),
        (record(HANDSHAKE, server_hello()), "c02f|0303||"),
        (
            flight(server_hello(extension(43, b"\x03\x04"), extension(51, bytes(36)), cipher=0x1301)),
            "1301|0303||002b-0033",
        ),
        # An empty ALPN, one that is no text, and one that is cut off.
        (flight(server_hello(extension(16, b""))), "|||"),
        (flight(server_hello(extension(16, b"\0\x03\x02\xff\xfe"))), "|||"),
        (flight(server_hello(extension(16, b"\0\x03\x02h2")))[:-1], "c02f|0303|h|0010"),
        (flight(server_hello())[:44], "|0303||"),
        (flight(server_hello())[:43], "|||"),
    ],
)
def test_an_answer_in_the_tools_words(data: bytes, text: str) -> None:
    assert Jarm.answer(data) == text


def test_no_more_is_read_than_the_tool_reads() -> None:
    many = [extension(40_000 + number, bytes(40)) for number in range(60)]
    kinds = Jarm.answer(flight(server_hello(*many))).rpartition("|")[2]
    assert Jarm.answer(flight(server_hello(*many))[:1484]).rpartition("|")[2] == kinds


def test_fingerprints() -> None:
    answers = ["c02b|0303|h2|0000-0017-ff01-000b-0023-0010"] * 10
    # From the tests of rustJarm (Hugo-C).
    assert Jarm.fingerprint(answers) == "27d27d27d27d27d27d27d27d27d27debd865e63a4441da99411bab3aadfedf"
    assert Jarm.fingerprint(["|||"] * 10) == "0" * 62
    mixed = Jarm.fingerprint([*answers[:3], *["|||"] * 6, "1301|0303||002b-0033"])
    assert mixed.startswith("27d27d27d00000000000000000041d")
    with pytest.raises(Malformed, match="10 answers, not 9"):
        Jarm.fingerprint(answers[1:])
