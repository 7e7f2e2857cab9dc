from __future__ import annotations

import base64
import hashlib
import json

import pytest

from certhia.testing import CA, Entry, Issued, RawEntry, Submission, Template, templates


@pytest.fixture(params=["certificate", "precertificate"])
def issued(request: pytest.FixtureRequest, certhia_ca: CA) -> Issued:
    return certhia_ca.issue(["www.example.com"], precert=request.param == "precertificate")


def test_what_an_entry_says_is_read_back(issued: Issued) -> None:
    entry = Entry(7, 1234567890123, Submission.of(issued))
    read = Submission.parse(entry.leaf_input, entry.extra_data)
    assert (read.signed, read.chain) == (issued.tbs if issued.is_precert else issued.der, issued.chain)
    assert (read.precert, read.is_precert) == (issued.der if issued.is_precert else b"", issued.is_precert)


def test_leaf_input_is_laid_out_as_in_section_3_4(issued: Issued) -> None:
    leaf = Entry(7, 1234567890123, Submission.of(issued)).leaf_input
    signed = issued.tbs if issued.is_precert else issued.der
    head = b"\0\1" + issued.issuer_key_hash if issued.is_precert else b"\0\0"
    timestamp, length = (1234567890123).to_bytes(8, "big"), len(signed).to_bytes(3, "big")
    assert leaf == b"\0\0" + timestamp + head + length + signed + b"\0\0"


def test_json_is_what_get_entries_gives(issued: Issued) -> None:
    entry = Entry(7, 1, Submission.of(issued))
    parsed = json.loads(entry.json)
    assert base64.b64decode(parsed["leaf_input"]) == entry.leaf_input
    assert base64.b64decode(parsed["extra_data"]) == entry.extra_data


def test_tile_leaf_ends_in_fingerprints(issued: Issued) -> None:
    entry = Entry(258, 1, Submission.of(issued), leaf_index=True)
    chain = b"".join(hashlib.sha256(each).digest() for each in issued.chain)
    precert = len(issued.der).to_bytes(3, "big") + issued.der if issued.is_precert else b""
    assert entry.extensions == b"\0\0\5\0\0\0\1\2"
    assert entry.tile_leaf == entry.leaf_input[2:] + precert + b"\0\x40" + chain


def test_templates_make_different_entries(issued: Issued) -> None:
    (template,) = templates([issued])
    one, other = template.make(1), template.make(2)
    assert len(one.signed) == len(other.signed) == len(template.submission.signed)
    assert one.signed != other.signed
    assert (one.precert != other.precert) is issued.is_precert
    assert one.signed.count((1).to_bytes(6, "big")) >= 1


def test_what_can_serve_as_no_template_is_left_out(certhia_ca: CA) -> None:
    short = certhia_ca.issue(["a.test"], serial=3)
    assert templates([short, certhia_ca.undecodable()]) == []
    with pytest.raises(ValueError, match="serial"):
        Template(Submission.of(short))


def test_raw_entries_are_served_as_they_are() -> None:
    entry = Entry(0, 1, RawEntry(b"\1\2", b"\3"))
    assert (entry.leaf_input, entry.extra_data) == (b"\1\2", b"\3")
    assert json.loads(entry.json) == {"leaf_input": "AQI=", "extra_data": "Aw=="}
    assert Entry(0, 1, RawEntry(b"\0\0leaf", b"\3")).tile_leaf == b"leaf\0\0"


@pytest.mark.parametrize("leaf", [b"", b"\0\1" + bytes(20), b"\0\0" + bytes(8) + b"\x80\0" + bytes(20)])
def test_what_is_no_entry_is_refused(leaf: bytes) -> None:
    with pytest.raises(ValueError, match=r"leaf_input|entry type"):
        Submission.parse(leaf, b"\0\0\0")
    with pytest.raises(ValueError, match="past its end"):
        Submission.parse(b"\0\0" + bytes(10) + b"\0\0\1x", b"\xff\0\0")
