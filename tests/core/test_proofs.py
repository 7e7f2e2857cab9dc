"""Precertificates as submitted, proven against their leaves: all real ones, and no tampered one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from certhia._core import Certificate, Entry, Issuers, Page

POISON = bytes.fromhex("3013060a2b06010401d6790204030101ff04020500")
OTHER_KEY = "the chain's key is not the one that the log signed for"


def _page(items: list[tuple[bytes, bytes]], issuers: Issuers) -> Page:
    """Entries by (leaf_input, extra_data)."""
    entries = [
        {"leaf_input": base64.b64encode(leaf).decode(), "extra_data": base64.b64encode(extra).decode()}
        for leaf, extra in items
    ]
    return Page.from_get_entries([json.dumps({"entries": entries}).encode()], 0, issuers)


def _vector(content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + content


def _again(entry: Entry, submitted: bytes, chain: list[bytes], leaf: bytes | None = None) -> str | None:
    """Why the same entry with something else beside its leaf is unproven."""
    issuers = Issuers()
    extra = _vector(submitted) + _vector(b"".join(map(_vector, chain)))
    return _page([(leaf or entry.leaf_input, extra)], issuers)[0].unproven(issuers)


def _kept(entry: Entry, issuers: Issuers) -> list[bytes]:
    return [issuers.get(fingerprint) or b"" for fingerprint in entry.chain]


def _lines(corpus: Path) -> Iterator[tuple[bytes, bytes]]:
    """(leaf_input, extra_data) of the entries that came with any."""
    with (corpus / "ct-entries.jsonl.zst").open("rb") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read()
    for line in text.splitlines():
        item = json.loads(line)
        if item["extra_data"]:
            yield base64.b64decode(item["leaf_input"]), base64.b64decode(item["extra_data"])


@pytest.fixture(scope="module")
def signed(corpus: Path) -> tuple[Page, Issuers]:
    """Entries under Precertificate Signing Certificates."""
    issuers = Issuers()
    body = (corpus / "edge-precert_signing_cert.json").read_bytes()
    return Page.from_get_entries([body], 0, issuers), issuers


def test_all_real_ones_are_proven(corpus: Path, bodies: list[bytes], signed: tuple[Page, Issuers]) -> None:
    issuers = Issuers(capacity=100_000)
    page = Page.from_get_entries(bodies, 0, issuers)
    lines = _page(list(_lines(corpus)), issuers)
    precerts = [entry for entry in (*page, *lines) if entry.is_precert]
    assert len(precerts) > 1800
    assert {entry.unproven(issuers) for entry in precerts} == {None}
    page, issuers = signed
    assert [entry.unproven(issuers) for entry in page] == [None] * len(page)
    for entry in page:
        signer = Certificate.from_der(issuers.get(entry.chain[0]) or b"")
        assert signer.is_precert_signing
        assert Certificate.from_der(entry.submitted).tbs_sha256 != entry.certificate.tbs_sha256


def test_those_of_tiles(tiles: list[tuple[bytes, bytes]], corpus: Path) -> None:
    """Their issuers are not in the corpus; but under any other's key all that differs is the key."""
    issuers = Issuers()
    stranger = next((corpus / "tiles" / "issuers").iterdir()).read_bytes()
    for data, _ in tiles:
        for entry in Page.from_tile(data, 0):
            assert entry.unproven(issuers) == "the chain's issuer is not at hand"
            assert _again(entry, entry.submitted, [stranger]) == OTHER_KEY


def test_a_certificate_is_its_leaf(page: Page) -> None:
    assert {entry.unproven(Issuers()) for entry in page if not entry.is_precert} == {None}


def test_another_chain(page: Page, bodies: list[bytes]) -> None:
    issuers = Issuers()
    page = Page.from_get_entries(bodies, 0, issuers)
    entry = next(entry for entry in page if entry.is_precert)
    chain = _kept(entry, issuers)
    assert _again(entry, entry.submitted, chain) is None
    assert _again(entry, entry.submitted, chain[1:]) == OTHER_KEY
    assert _again(entry, entry.submitted, []) == "no chain came with the precertificate"
    broken = _again(entry, entry.submitted, [b"\x30\x03\x02\x01\x01"])
    assert broken is not None
    assert broken.startswith("certificate 1 of the chain can't be read: ")
    of_another_key = bytearray(entry.leaf_input)
    of_another_key[12] ^= 1
    assert _again(entry, entry.submitted, chain, bytes(of_another_key)) == OTHER_KEY


def test_another_precertificate(bodies: list[bytes]) -> None:
    issuers = Issuers()
    precerts = [entry for entry in Page.from_get_entries(bodies, 0, issuers) if entry.is_precert]
    first, other = precerts[0], precerts[1]
    chain = _kept(first, issuers)
    told = _again(first, other.submitted, chain)
    assert told is not None
    assert told.startswith("differs from what the log signed at byte ")
    told = _again(first, first.certificate.der, chain)
    assert told == "the precertificate can't be read: expected a certificate, found a TBSCertificate alone at byte 0"
    at = first.submitted.index(POISON)
    mild = first.submitted[: at + 16] + b"\0" + first.submitted[at + 17 :]
    told = _again(first, mild, chain)
    assert (
        told
        == f"the precertificate can't be read: expected the poison extension, critical and with a NULL at byte {at}"
    )
    assert _again(first, first.submitted + b"\0", chain) == (
        f"the precertificate can't be read: expected the certificate's end at byte {len(first.submitted)}"
    )
    assert (_again(first, b"anything", chain) or "").startswith("the precertificate can't be read: ")


def _key_identifier(der: bytes) -> range:
    """Where the value of the authority key identifier stands."""
    values = [extension.value for extension in Certificate.from_der(der).extensions if extension.oid == "2.5.29.35"]
    return range(der.index(values[0]), der.index(values[0]) + len(values[0]))


def test_every_byte_counts(bodies: list[bytes], signed: tuple[Page, Issuers]) -> None:
    """All up to the signature; but a key identifier that the log replaces is covered by nothing."""
    issuers = Issuers()
    plain = next(entry for entry in Page.from_get_entries(bodies, 0, issuers) if entry.is_precert)
    for entry, kept, replaced in (
        (plain, issuers, range(0)),
        (signed[0][0], signed[1], _key_identifier(signed[0][0].submitted)),
    ):
        chain = _kept(entry, kept)
        assert _again(entry, entry.submitted, chain) is None
        tbs = 4 + 4 + int.from_bytes(entry.submitted[6:8], "big")
        for at in range(0, tbs, 7):
            changed = bytearray(entry.submitted)
            changed[at] ^= 0x01
            told = _again(entry, bytes(changed), chain)
            assert (told is None) == (at in replaced), at


def test_a_signing_certificate_alone_proves_nothing(signed: tuple[Page, Issuers]) -> None:
    page, issuers = signed
    entry = page[0]
    signer, issuer, *above = _kept(entry, issuers)
    assert _again(entry, entry.submitted, [signer]) == "the chain's issuer (certificate 2) is not at hand"
    assert (_again(entry, entry.submitted, [issuer, *above]) or "").startswith("differs from what the log signed")
    assert _again(entry, entry.submitted, [signer, signer]) == OTHER_KEY
    foreign = next(
        other
        for at in range(len(page))
        if (other := Certificate.from_der(_kept(page[at], issuers)[0])).subject != Certificate.from_der(signer).subject
    )
    told = _again(entry, entry.submitted, [foreign.der, issuer])
    assert told == "the chain's signing certificate is not the one that the precertificate names"


def test_what_cannot_be_framed(page: Page) -> None:
    issuers = Issuers()
    entry = next(entry for entry in page if entry.is_precert)
    leaf = entry.leaf_input
    framed = _page([(leaf, b""), (leaf, b"\0\0\5abc"), (leaf[:-1], b""), (b"\0\0" + bytes(8) + b"\0\7", b"")], issuers)
    assert [entry.unproven(issuers) for entry in framed] == [
        "nothing came with the leaf",
        "what came with the leaf can't be framed: the precertificate is cut off at byte 3 of extra_data",
        f"the leaf can't be read: a leaf that is cut off (the list of extensions is cut off) at byte {len(leaf) - 2}",
        "the leaf can't be read: an unknown entry type at byte 10",
    ]
