"""Every certificate and every hostile byte of the corpus as messages: JSON of bounded size, one for each entry."""

from __future__ import annotations

import base64
import functools
import json
from pathlib import Path

import pytest
from tests.core.archives import members
from tests.core.made import extension, made_tbs, name, sequence, tlv

from certhia._core import Form, Issuers, Page, Source
from certhia.testing.entries import u16, u24

PARTS = 8
FORMS = [Form(kind, profile) for kind in ("lite", "full", "domains") for profile in ("certhia", "calidog")]
SOURCE = Source(bytes(32), "A log", "https://ct.example/", "rfc6962")
LEAF = bytes(12)
LARGEST = 1 << 20
"""What the `websockets` library takes of a message, unless told otherwise."""


@functools.cache
def _contents(path: Path) -> list[bytes]:
    return [content for _, content in members(path) if 0 < len(content) < 1 << 20]


def _page(contents: list[bytes], issuers: Issuers) -> Page:
    items = [
        {
            "leaf_input": base64.b64encode(LEAF + u24(content) + u16(b"")).decode(),
            "extra_data": base64.b64encode(u24(u24(content))).decode(),
        }
        for content in contents
    ]
    return Page.from_get_entries([json.dumps({"entries": items}).encode()], 0, issuers)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("archive", ["certificates", "hostile"])
def test_every_entry_is_told(corpus: Path, archive: str, part: int) -> None:
    contents = _contents(corpus / f"{archive}.tar.zst")[part::PARTS]
    issuers = Issuers()
    page = _page(contents, issuers)
    for form in FORMS:
        messages = page.messages(form, SOURCE, issuers, seen=1.0, verified=0)
        assert messages.positions == list(range(len(page)))
        for position in range(len(messages)):
            text = messages[position]
            message = json.loads(text)
            assert "defect" not in str(message.get("data", {}))
            assert len(text) <= LARGEST
            assert b"\n" not in text
    again = Page.load(page.dump())
    assert again.leaf_hashes == page.leaf_hashes


def _data(der: bytes, form: Form) -> dict[str, object]:
    issuers = Issuers()
    messages = _page([der], issuers).messages(form, SOURCE, issuers, seen=1.0, verified=0)
    found = json.loads(messages[0])["data"]
    assert isinstance(found, dict)
    return found


def test_names_that_are_no_text() -> None:
    odd = [b'quo"te\\.example', b"nul\0.example", b"\xff\xfe.example", "\u2028\u0085.example".encode(), b"\xed\xa0\x80"]
    sans = extension("2.5.29.17", sequence(*(tlv(0x82, one) for one in odd)))
    leaf = _data(made_tbs([sans], subject=name(("2.5.4.3", b"\x1b[31m\r\n"))), FORMS[0])["leaf_cert"]
    assert isinstance(leaf, dict)
    expected = [one.decode("utf-8", "replace") for one in odd]
    assert leaf["all_domains"] == expected
    assert leaf["subject"]["CN"] == "\x1b[31m\r\n"
    assert leaf["subject"]["aggregated"] == "/CN=\x1b[31m\r\n"
    assert leaf["extensions"]["subjectAltName"] == ", ".join(f"DNS:{one}" for one in expected)


@pytest.mark.parametrize("fault_d02", [10_000, 40_000])
def test_many_names(fault_d02: int) -> None:
    """10,000 SANs and more than a mebibyte of them: what is left out is counted."""
    sans = sequence(*(tlv(0x82, b"n%d.many-names.example.com" % number) for number in range(fault_d02)))
    tbs = made_tbs([extension("2.5.29.17", sans)])
    data = _data(tbs, FORMS[0])
    leaf = data["leaf_cert"]
    assert isinstance(leaf, dict)
    given = len(leaf["all_domains"])
    assert given <= 10_000
    assert int(str(data["truncated"])) >= fault_d02 + 1 - given > 0
    assert leaf["registrable_domains"] == ["example.com"]
    assert "truncated" not in json.dumps(_data(tbs, FORMS[1]))
