"""All certificates and hostile bytes of the corpus as entries of a log: each is read or quarantined, none is lost."""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia._core import Certificate, Issuers, Matcher, Page
from certhia.errors import Malformed
from certhia.testing.entries import u16, u24

PARTS = 8
LEAF = b"\0\0" + bytes(8)
RULES = (
    ("all", ""),
    ("tree", "com"),
    ("below", "example.com"),
    ("exact", "www.example.com"),
    ("cidr", "10.0.0.0/8"),
    ("keyword", "mail"),
    ("regex", r"^(www|ftp)\d*\.[a-z-]+\.(com|org)$"),
    ("typo", "google.com"),
    ("issuer", "CA"),
    ("organization", "Inc"),
    ("key", "00" * 32),
    ("certificate", "00" * 32),
)


@functools.cache
def _contents(path: Path) -> list[bytes]:
    return [content for _, content in members(path) if len(content) < 1 << 24]


def _item(number: int, content: bytes) -> dict[str, str]:
    """Certificates and precertificates in turn; of the latter the same bytes are leaf, submission and chain."""
    precert = number % 2 == 1
    kind = b"\0\1" + bytes(32) if precert else b"\0\0"
    extra = (u24(content) + u24(u24(content))) if precert and content else u24(b"")
    leaf = LEAF + kind + u24(content) + u16(b"")
    return {"leaf_input": base64.b64encode(leaf).decode(), "extra_data": base64.b64encode(extra).decode()}


def _refusal(content: bytes) -> Malformed | None:
    try:
        Certificate.from_der(content)
    except Malformed as fault:
        return fault
    return None


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("archive", ["certificates", "hostile"])
def test_every_entry_is_read_or_quarantined(corpus: Path, archive: str, part: int) -> None:
    contents = _contents(corpus / f"{archive}.tar.zst")[part::PARTS]
    issuers = Issuers()
    body = json.dumps({"entries": [_item(number, content) for number, content in enumerate(contents)]}).encode()
    page = Page.from_get_entries([body], 0, issuers)
    assert len(page) == len(contents), "none is lost"
    scan = Matcher(RULES).scan(page)
    quarantined, hits = dict(scan.quarantined), dict(scan.hits)
    columns = page.batch
    names, faults = columns["names"], columns["fault"]
    for position, (entry, content) in enumerate(zip(page, contents, strict=True)):
        refused = _refusal(content)
        assert refused is None or position in quarantined
        assert (faults[position] is not None) >= (refused is not None)
        assert not any("defect" in str(text) for text in (quarantined.get(position), faults[position]))
        entry.unproven(issuers)
        if content:
            certificate = entry.certificate
            assert (certificate.fault is None) == (refused is None)
            assert names[position] == certificate.names
        if refused is None and position not in quarantined:
            assert (0, "everything") in {(hit[0], hit[3]) for hit in hits[position]}
    assert all("byte" in reason or "iPAddress" in reason for reason in quarantined.values())
    assert (len(quarantined) > 1_000) == (archive == "hostile")
