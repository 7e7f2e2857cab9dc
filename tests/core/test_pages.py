"""Real tiles and get-entries answers through the canonical form and back."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from pathlib import Path

import pytest

from certhia._core import Certificate, Issuers, Matcher, Page, count_get_entries, leaf_hash
from certhia.errors import Malformed

# 1.3.6.1.4.1.11129.2.4.4, an extended key usage
PRECERT_SIGNING = bytes.fromhex("060a2b06010401d679020404")


def test_get_entries_give_what_was_served(bodies: list[bytes]) -> None:
    issuers = Issuers()
    for body in bodies:
        served = json.loads(body)["entries"]
        page = Page.from_get_entries([body], 77, issuers)
        assert len(page) == len(served) == count_get_entries(body)
        assert (page.first, page.end) == (77, 77 + len(served))
        for entry, item in zip(page, served, strict=True):
            leaf = base64.b64decode(item["leaf_input"])
            assert entry.leaf_input == leaf
            assert entry.leaf_hash == leaf_hash(leaf)
            assert entry.raw_extra is None
            assert entry.fault is None
            assert entry.timestamp == int.from_bytes(leaf[2:10], "big")
            assert _extra(entry.submitted if entry.is_precert else b"", entry.chain, issuers) == base64.b64decode(
                item["extra_data"]
            )


def _extra(submitted: bytes, chain: list[bytes], issuers: Issuers) -> bytes:
    """extra_data (RFC 6962 section 4.6) from what is kept of it."""
    certificates = [issuers.get(fingerprint) or b"" for fingerprint in chain]
    framed = b"".join(len(der).to_bytes(3, "big") + der for der in certificates)
    head = len(submitted).to_bytes(3, "big") + submitted if submitted else b""
    return head + len(framed).to_bytes(3, "big") + framed


def test_rfc6962_entries_make_a_tile(page: Page) -> None:
    for start in range(0, len(page), 256):
        part = page.slice(start, start + 256)
        tile = b"".join(entry.tile_leaf for entry in part)
        read = Page.from_tile(tile, start)
        assert read.leaf_hashes == part.leaf_hashes
        assert read.issuers == part.issuers
        assert [entry.submitted for entry in read] == [entry.submitted for entry in part]
        assert Page.from_tile(gzip.compress(tile), start).leaf_hashes == part.leaf_hashes


def test_tiles_are_framed(tiles: list[tuple[bytes, bytes]]) -> None:
    for data, hashes in tiles:
        page = Page.from_tile(data, 0)
        assert page.leaf_hashes == hashes
        assert b"".join(entry.tile_leaf for entry in page) == data


def test_names_are_those_of_the_names_tile(tiles: list[tuple[bytes, bytes]], corpus: Path) -> None:
    folder = corpus / "tiles" / "navigli2025h2" / "tile" / "names"
    for number, (data, _) in enumerate(tiles):
        text = (folder / f"{number:03}").read_bytes()
        lines = (gzip.decompress(text) if text.startswith(b"\x1f\x8b") else text).splitlines()
        for entry, line in zip(Page.from_tile(data, 0), lines, strict=True):
            told = json.loads(line)
            assert entry.timestamp == told["Timestamp"]
            assert entry.certificate.dns_names == told.get("DNS", [])


def test_a_precertificate_as_submitted_has_the_hash_of_its_leaf(
    tiles: list[tuple[bytes, bytes]], bodies: list[bytes]
) -> None:
    issuers = Issuers()
    page = Page.from_get_entries(bodies, 0, issuers)
    entries = [entry for part in (*(Page.from_tile(data, 0) for data, _ in tiles), page) for entry in part]
    precerts = [entry for entry in entries if entry.is_precert]
    assert len(precerts) > 1000
    for entry in precerts:
        submitted = Certificate.from_der(entry.submitted)
        assert submitted.is_precert
        assert not entry.certificate.is_precert
        signing = PRECERT_SIGNING in (issuers.get(entry.chain[0]) or b"")
        # Under a Precertificate Signing Certificate issuer and key identifier are replaced too (RFC 6962 section 3.2).
        assert (submitted.tbs_sha256 == entry.certificate.tbs_sha256) != signing
        assert entry.issuer_key_hash is not None
        assert len(entry.issuer_key_hash) == 32


def test_issuers_are_their_fingerprints(corpus: Path) -> None:
    issuers = Issuers(capacity=100)
    for path in (corpus / "tiles" / "issuers").iterdir():
        der = path.read_bytes()
        assert issuers.add(der) == hashlib.sha256(der).digest() == bytes.fromhex(path.name)
        assert issuers.get(bytes.fromhex(path.name)) == der
    assert issuers.get(bytes(32)) is None


def test_positions_slices_and_joins(page: Page) -> None:
    assert page[-1].index == page.end - 1
    with pytest.raises(IndexError, match="no position"):
        page[len(page)]
    with pytest.raises(IndexError, match="no position"):
        page.timestamp(-len(page) - 1)
    parts = [page.slice(0, 10), page.slice(10, 10), page.slice(10, 2**62)]
    assert [len(part) for part in parts] == [10, 0, len(page) - 10]
    joined = Page.join(parts)
    assert joined.leaf_hashes == page.leaf_hashes
    assert [entry.tile_leaf for entry in joined] == [entry.tile_leaf for entry in page]
    with pytest.raises(Malformed, match="begins at 10"):
        Page.join([parts[0], page.slice(11, 20)])
    with pytest.raises(Malformed, match="at least one page"):
        Page.join([])
    assert page.nbytes >= sum(len(entry.tile_leaf) for entry in page)


def test_edge_files(corpus: Path) -> None:
    for path in sorted(corpus.glob("edge-*.json")):
        body = path.read_bytes()
        served = json.loads(body)["entries"]
        page = Page.from_get_entries([body], 0, Issuers())
        scan = Matcher([("all", "")]).scan(page)
        assert len(scan.hits) == len(page), "each is decoded and matched"
        assert scan.quarantined == []
        for entry, item in zip(page, served, strict=True):
            assert entry.leaf_hash == leaf_hash(base64.b64decode(item["leaf_input"]))
            assert entry.certificate.fault is None
    framing = Page.from_get_entries([(corpus / "edge-framing.json").read_bytes()], 0, Issuers())
    assert framing[0].raw_extra == b"Extra\n"
    assert framing[0].chain == []
    assert framing[0].tile_leaf == framing[0].leaf_input
    assert framing[0].certificate.common_name == "leaf01.csr.pem"


def test_gzip_is_bounded_whatever_it_says() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    for body in (bomb, bomb[:-4] + (10).to_bytes(4, "little"), bomb[:-4] + b"\xff" * 4):
        with pytest.raises(Malformed):
            Page.from_tile(body, 0, limit=1_000_000)
    tile = bytes(8) + b"\0\0" + (0).to_bytes(3, "big") + b"\0\0" + b"\0\0"
    for liar in (b"\0\0\0\0", b"\xff\xff\xff\xff"):
        with pytest.raises(Malformed, match="gzip"):
            Page.from_tile(gzip.compress(tile)[:-4] + liar, 0)
    with pytest.raises(Malformed, match="gzip"):
        Page.from_tile(gzip.compress(tile)[:-9], 0)
    with pytest.raises(Malformed, match="at most 10 bytes"):
        Page.from_tile(tile, 0, limit=10)
    assert len(Page.from_tile(gzip.compress(tile) + gzip.compress(tile), 0)) == 2
    with pytest.raises(Malformed, match="gzip"):
        Page.from_tile(gzip.compress(tile) + b"behind", 0)


def test_errors_say_where() -> None:
    with pytest.raises(Malformed) as caught:
        count_get_entries(b'{"entries":[}')
    assert caught.value.offset == 12
    with pytest.raises(Malformed, match="cut off"):
        Page.from_get_entries([b'{"entries":['], 0, Issuers())
    with pytest.raises(Malformed, match="at most 1 entries"):
        Page.from_get_entries([b'{"entries":[{"leaf_input":""},{"leaf_input":""}]}'], 0, Issuers(), max_entries=1)


def test_unknown_entries_are_hashed_and_quarantined() -> None:
    leaf = b"\0\0" + bytes(8) + b"\x80\0" + b"anything"
    body = json.dumps({"entries": [{"leaf_input": base64.b64encode(leaf).decode(), "extra_data": ""}]}).encode()
    page = Page.from_get_entries([body], 0, Issuers())
    assert page[0].leaf_hash == leaf_hash(leaf)
    scan = Matcher([("all", "")]).scan(page)
    assert scan.hits == []
    assert scan.quarantined == [(0, "an unknown entry type at byte 10")]
    with pytest.raises(Malformed, match="unknown entry type"):
        _ = page[0].certificate


def test_threads_share_pages_and_issuers(bodies: list[bytes]) -> None:
    issuers, matcher, hashes = Issuers(), Matcher([("tree", "com")]), set()

    def work() -> None:
        page = Page.from_get_entries(bodies, 0, issuers)
        hashes.add((page.leaf_hashes, len(matcher.scan(page).hits)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashes) == 1


def _leaves(page: Page) -> list[bytes]:
    return [page.leaf_hashes[at : at + 32] for at in range(0, len(page.leaf_hashes), 32)]


def test_a_tile_that_cannot_be_read_whole_gives_what_its_hashes_vouch_for(page: Page) -> None:
    whole = page.slice(0, 64)
    tiles = [entry.tile_leaf for entry in whole]
    sizes = sum(map(len, tiles[:10]))
    unknown = tiles[10][:8] + b"\x80\0" + tiles[10][10:]  # a type that nobody knows
    for body, limit in (
        (b"".join([*tiles[:10], unknown, *tiles[11:]]), 64 << 20),
        (b"".join(tiles), sizes + 5),
        (gzip.compress(b"".join(tiles)), sizes + 5),
        (gzip.compress(b"".join(tiles))[:100], 64 << 20),
        (b"", 64 << 20),
    ):
        read = Page.from_tile_by_hashes(body, 512, whole.leaf_hashes, limit)
        assert (read.first, len(read), read.leaf_hashes) == (512, 64, whole.leaf_hashes)
        known = [entry.fault is None for entry in read]
        assert known == sorted(known, reverse=True)
        assert known.count(True) == (10 if len(body) > sizes or limit < 64 << 20 else known.count(True))
        scan = Matcher([("all", "")]).scan(read)
        assert dict(scan.quarantined).keys() == {at for at, fine in enumerate(known) if not fine}
        assert {reason for at, reason in scan.quarantined} == {"an entry whose hash alone is known at byte 0"}
        assert [entry.leaf_input for entry in read][known.count(True) :] == [b""] * known.count(False)
        assert read.batch["fault"].count(None) == known.count(True)
        joined = Page.join([Page.join([read, Page.from_tile(b"".join(tiles), 576)]), Page.from_tile(b"", 640)])
        assert _leaves(joined) == _leaves(whole) * 2
        assert [entry.tile_leaf for entry in joined][64:] == tiles


def test_hashes_that_are_not_the_tiles_vouch_for_nothing(page: Page) -> None:
    whole = page.slice(0, 4)
    body = b"".join(entry.tile_leaf for entry in whole)
    read = Page.from_tile_by_hashes(body, 0, bytes(32) + whole.leaf_hashes[32:])
    assert [entry.leaf_input for entry in read] == [b""] * 4
    with pytest.raises(ValueError, match="32 bytes"):
        Page.from_tile_by_hashes(body, 0, b"short")
    with pytest.raises(Malformed, match="at most 256"):
        Page.from_tile_by_hashes(body, 0, bytes(32 * 257))
