"""Messages of a certstream server: JSON whatever the entry is, and it says what the certificate says."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
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


def parsed(messages: Messages) -> Iterator[tuple[int, Json]]:
    return zip(messages.positions, (json.loads(message) for message in messages), strict=True)


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
    assert (chosen.positions, [*chosen]) == ([2, 5], [whole[2], whole[5]])
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
