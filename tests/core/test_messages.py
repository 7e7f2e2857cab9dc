"""Messages of a certstream server: JSON whatever the entry is, and it says what the certificate says."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from certhia import Malformed
from certhia._core import Certificate, Entry, Form, Issuers, Messages, Page, Source

KINDS = ("lite", "full", "domains")
PROFILES = ("certhia", "calidog")
SEEN = 1_700_000_000.5
RFC6962 = Source(bytes(range(32)), "A log", "https://ct.example/2026/", "rfc6962", "An operator")
TILED = Source(bytes(32), "A tiled log", "https://submit.example", "tiled", "", "https://monitor.example/")

Json = dict[str, Any]


def made(page: Page, issuers: Issuers, kind: str = "lite", profile: str = "certhia", **options: Any) -> Messages:
    return page.messages(Form(kind, profile), RFC6962, issuers, **({"seen": SEEN, "verified": 0} | options))


def texts(messages: Messages) -> list[bytes]:
    return [messages[number] for number in range(len(messages))]


def parsed(messages: Messages) -> Iterator[tuple[int, Json]]:
    return zip(messages.positions, (json.loads(message) for message in texts(messages)), strict=True)


def colons(digest: bytes) -> str:
    return digest.hex(":").upper()


@pytest.fixture(scope="module")
def captured(bodies: list[bytes]) -> tuple[Page, Issuers]:
    issuers = Issuers()
    return Page.from_get_entries(bodies, 1000, issuers), issuers


def domains(certificate: Certificate) -> list[str]:
    """DNS names, then the common names that are names."""
    addresses = certificate.ip_addresses
    return [name for name in certificate.names if name not in addresses]


def check_object(item: Json, certificate: Certificate, der: bytes) -> None:
    """What a leaf and a certificate of a chain have both."""
    assert item["all_domains"] == domains(certificate)
    assert item["serial_number"] == certificate.serial
    assert (item["not_before"], item["not_after"]) == (certificate.not_before, certificate.not_after)
    assert item["is_ca"] == certificate.is_ca
    assert item["sha1"] == item["fingerprint"] == colons(hashlib.sha1(der).digest())
    assert item["sha256"] == colons(hashlib.sha256(der).digest())


def check_update(data: Json, entry: Entry) -> None:
    certificate = entry.certificate
    leaf = data["leaf_cert"]
    check_object(leaf, certificate, entry.submitted)
    assert data["update_type"] == ("PrecertLogEntry" if entry.is_precert else "X509LogEntry")
    assert leaf["extensions"].get("ctlPoisonByte", False) == entry.is_precert
    assert leaf["subject"]["CN"] == (certificate.common_name or None)
    assert data["cert_index"] == entry.index
    assert data["cert_link"] == f"https://ct.example/2026/ct/v1/get-entries?start={entry.index}&end={entry.index}"
    assert data["submission_timestamp"] == data["source"]["timestamp"] == entry.timestamp / 1000
    assert "truncated" not in data


def test_lite(captured: tuple[Page, Issuers]) -> None:
    page, issuers = captured
    messages = made(page, issuers, verified=1003)
    assert messages.positions == list(range(len(page)))
    for position, message in parsed(messages):
        assert message["message_type"] == "certificate_update"
        assert message["cursor"] == f"0001020304050607:{1000 + position}" == RFC6962.cursor(1000 + position)
        assert message["verified"] == (position < 3)
        check_update(message["data"], page[position])
        assert "chain" not in message["data"]
        assert "as_der" not in message["data"]["leaf_cert"]


def test_full(captured: tuple[Page, Issuers]) -> None:
    page, issuers = captured
    for position, message in parsed(made(page, issuers, "full")):
        entry, data = page[position], message["data"]
        check_update(data, entry)
        assert base64.b64decode(data["leaf_cert"]["as_der"]) == entry.submitted
        for item, fingerprint in zip(data["chain"], entry.chain, strict=True):
            der = issuers.get(fingerprint)
            assert der == base64.b64decode(item["as_der"])
            assert der is not None
            check_object(item, Certificate.from_der(der), der)


@pytest.mark.parametrize("profile", PROFILES)
def test_domains(captured: tuple[Page, Issuers], profile: str) -> None:
    page, issuers = captured
    for position, message in parsed(made(page, issuers, "domains", profile)):
        certificate = page[position].certificate
        assert message["message_type"] == "dns_entries"
        if profile == "certhia":
            assert message["data"] == domains(certificate)
            assert (message["cursor"], message["verified"]) == (RFC6962.cursor(1000 + position), False)
        else:
            common = [name for name in [certificate.common_name] if name is not None]
            assert message["data"] == sorted({*certificate.dns_names, *common})
            assert {*message} == {"data", "message_type"}


def test_positions(captured: tuple[Page, Issuers]) -> None:
    page, issuers = captured
    chosen = made(page, issuers, positions=b"\x02\x00\x05\x00")
    whole = made(page, issuers)
    assert (chosen.positions, texts(chosen)) == ([2, 5], [whole[2], whole[5]])
    assert chosen[-1] == whole[5]
    assert chosen.frames("sse") == whole.frames("sse", b"\x02\x00\x05\x00")
    for wrong in (b"\x05\x00\x02\x00", b"\x02\x00\x02\x00", b"\xff\xff"):
        with pytest.raises(Malformed):
            made(page, issuers, positions=wrong)
    with pytest.raises(ValueError, match="2 bytes each"):
        made(page, issuers, positions=b"\0")


def test_dump_and_load(captured: tuple[Page, Issuers], tiles: list[tuple[bytes, bytes]]) -> None:
    for page in (captured[0], captured[0].slice(1010, 1013), Page.from_tile(tiles[0][0], 0)):
        again = Page.load(page.dump())
        assert (again.first, again.leaf_hashes, again.issuers) == (page.first, page.leaf_hashes, page.issuers)
        assert [entry.tile_leaf for entry in again] == [entry.tile_leaf for entry in page]
        with pytest.raises(Malformed):
            Page.load(page.dump()[:-1])


def test_a_tiled_log(tiles: list[tuple[bytes, bytes]], corpus: Path) -> None:
    """Its chains are whole; where an issuer is not known, that is told."""
    issuers = Issuers()
    page = Page.from_tile(tiles[1][0], 256)
    for path in (corpus / "tiles" / "issuers").iterdir():
        issuers.add(path.read_bytes())
    for position, message in parsed(page.messages(Form("full"), TILED, issuers, seen=SEEN, verified=1 << 40)):
        data = message["data"]
        assert data["cert_link"] == "https://monitor.example/tile/data/001"
        source = data["source"]
        assert (source["url"], source["type"], source["operator"]) == ("https://submit.example/", "tiled", "")
        assert message["verified"]
        assert base64.b64decode(data["leaf_cert"]["as_der"]) == page[position].submitted
        for item, fingerprint in zip(data["chain"], page[position].chain, strict=True):
            assert item["sha256"] == colons(fingerprint)
            assert (item["as_der"] is None) == ("fault" in item) == (issuers.get(fingerprint) is None)


def test_what_makes_no_sense(captured: tuple[Page, Issuers]) -> None:
    for kind, profile in (("heavy", "certhia"), ("lite", "rust")):
        with pytest.raises(Malformed):
            Form(kind, profile)
    with pytest.raises(Malformed):
        Source(b"short", "", "", "rfc6962")
    for seen in (float("nan"), float("inf"), -1.0):
        with pytest.raises(Malformed):
            made(*captured, seen=seen)
    with pytest.raises(Malformed, match="websocket, deflate or sse"):
        made(*captured).frames("fragments")
    with pytest.raises(IndexError):
        made(*captured)[len(captured[0])]


def unframed(framed: bytes, head: int) -> Iterator[bytes]:
    """Payloads of a server's frames (RFC 6455 section 5.2)."""
    at = 0
    while at < len(framed):
        assert framed[at] == head
        length, at = framed[at + 1], at + 2
        if length >= 126:
            more = {126: 2, 127: 8}[length]
            length, at = int.from_bytes(framed[at : at + more], "big"), at + more
            assert length > {2: 125, 8: 65_535}[more], "the shortest way to say a length"
        yield framed[at : at + length]
        at += length
    assert at == len(framed)


@pytest.mark.parametrize("framing", ["websocket", "deflate", "sse"])
def test_what_each_of_many_gets(captured: tuple[Page, Issuers], framing: str) -> None:
    messages = made(*captured)
    choices = [b"\x02\0", b"\x02\0\x03\0", b"\0\0\x05\0", b""]
    told = messages.choices(framing, choices)
    assert [data for data, _, _, _ in told] == [messages.frames(framing, one) for one in choices]
    first = captured[0].first
    assert [tuple(rest) for _, *rest in told[:3]] == [
        (1, first + 2, first + 2),
        (2, first + 2, first + 3),
        (2, first, first + 5),
    ]
    assert told[3] == (b"", 0, 0, 0)
    assert messages.choices(framing, [b"\xff\xff"]) == [(b"", 0, 0, 0)]
    with pytest.raises(Malformed, match="2 bytes each"):
        messages.choices(framing, [b"\0"])


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", KINDS)
def test_frames(captured: tuple[Page, Issuers], kind: str, profile: str) -> None:
    messages = made(*captured, kind, profile)
    expected = texts(messages)
    assert [*unframed(messages.frames("websocket"), 0x81)] == expected
    inflate = zlib.decompressobj(-15)
    packed = [*unframed(messages.frames("deflate"), 0xC1)]
    assert [inflate.decompress(one + b"\0\0\xff\xff") for one in packed] == expected, (
        "one stream, as some clients read it"
    )
    assert [zlib.decompressobj(-15).decompress(one + b"\0\0\xff\xff") for one in packed] == expected
    events = messages.frames("sse").decode().split("\n\n")
    assert events.pop() == ""
    for number, event in enumerate(events):
        lines = event.split("\n")
        assert lines == [f"id: {RFC6962.cursor(1000 + number)}", f"data: {expected[number].decode()}"]


def test_nothing_wanted(captured: tuple[Page, Issuers]) -> None:
    messages = made(*captured, positions=b"")
    assert (len(messages), messages.positions, messages.frames("websocket")) == (0, [], b"")
    assert made(*captured).frames("sse", b"") == b""
