"""Evidence as a file: the same again when it is read, and no file that does harm."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia.logs.client import Fetched
from certhia.logs.evidence import (
    MAX_ANSWERS,
    MAX_FILE,
    MAX_LEAF,
    Evidence,
    Pledge,
    Prefix,
    SeenHead,
    Served,
    Subtree,
    decode,
    encode,
    file_name,
)
from certhia.logs.form import BadEvidence
from certhia.model import Log, Protocol

HASH = bytes(range(32))
MADE = Evidence(
    log=Log(HASH, b"key", "Log \u202e", "Ops", Protocol.STATIC, "https://log.example/", "https://mon.example/"),
    at=1_795_000_000.5,
    reason="signed two heads",
    heads=(SeenHead(b"one", 1.0), SeenHead(b"two", 2.0)),
    verified=Prefix(3, HASH * 2, 0),
    read=Prefix(5, HASH * 2, 1, "nodes", (HASH, HASH)),
    leaves=HASH * 2,
    agreed=Prefix(4, HASH, 1, "consistency", (HASH,)),
    shown=Prefix(1, HASH, 1, "nodes", (HASH,)),
    answers=(Fetched(4, 1, b"\x00body" * 100, tile=True, spare=0),),
    block=Subtree(3, 5, HASH, (HASH, HASH), 0),
    pledge=Pledge(b"leaf", b"signature", 60, Subtree(0, 7, HASH, (), 1), Served("https://x/", 404, b"no", 3.0)),
)
FIELDS: dict[str, Any] = json.loads(encode(MADE))


def test_what_is_read_is_what_was_written() -> None:
    assert decode(encode(MADE)) == MADE
    bare = Evidence(MADE.log, 1.0, "", ())
    assert decode(encode(bare)) == bare
    assert encode(MADE).isascii()
    assert list(FIELDS) == sorted(FIELDS), "the same evidence gives the same bytes"


def changed(path: str, value: object) -> bytes:
    """The file with one field changed; `path` in dots."""
    fields = json.loads(encode(MADE))
    *way, last = path.split(".")
    place = fields
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return json.dumps(fields).encode()


WRONG: list[tuple[str, object, str]] = [
    ("certhia_evidence", 2, "evidence of version '2': this Certhia reads version 1"),
    ("certhia_evidence", None, "it has no certhia_evidence"),
    ("log", [], "log is not an object"),
    ("log.protocol", "gopher", "log.protocol is not one of rfc6962, static, hybrid"),
    ("log.key", "!", "log.key is not base64"),
    ("log.key", b64encode(bytes(4097)).decode(), "log.key is not at most 4096 bytes"),
    ("log.operator", "x" * 2001, "log.operator is not text of at most 2000 characters"),
    ("at", "now", "at is not a time in Unix seconds"),
    ("at", -1, "at is not a time in Unix seconds"),
    ("at", float("nan"), "at is not a time in Unix seconds"),
    ("heads", {}, "heads is not a list of at most 8"),
    ("heads", [{"raw": "", "at": 1}] * 9, "heads is not a list of at most 8"),
    ("heads", ["x"], r"heads\[0\] is not an object"),
    ("verified.size", 4, "verified.edge is not 1 hashes of 32 bytes"),
    ("verified.size", True, "verified.size is not a number"),
    ("verified.size", 1 << 63, "verified.size is not a number"),
    ("verified.head", 2, "verified.head is not a number from 0 to 1"),
    ("read.proof", [b64encode(b"short").decode()], "read.proof is not hashes of 32 bytes"),
    ("read.proof", [b64encode(HASH).decode()] * 129, "read.proof is not a list of at most 128"),
    ("leaves", b64encode(bytes(32 * 131_073)).decode(), "leaves is not"),
    ("answers.0.body", b64encode(b"plain").decode(), r"answers\[0\].body is not a zlib stream"),
    ("answers.0.tile", 1, r"answers\[0\].tile is not true or false"),
    ("block.level", 63, "block.level is not a number from 0 to 62"),
    ("block.root", b64encode(b"short").decode(), "block.root is not a hash of 32 bytes"),
    ("block.path", [3], "block.path: hash is not base64"),
    ("block.head", 2, "block.head is not a number from 0 to 1"),
    ("pledge.mmd", -1, "pledge.mmd is not a number"),
    ("pledge.other.head", 2, "pledge.other.head is not a number"),
    ("pledge.absent.status", 1000, "pledge.absent.status is not a number from 0 to 999"),
    ("pledge.absent.at", "now", "pledge.absent.at is not a time"),
]


@pytest.mark.parametrize("path, value, said", WRONG)
def test_a_field_that_makes_no_sense_is_named(path: str, value: object, said: str) -> None:
    with pytest.raises(BadEvidence, match=said):
        decode(changed(path, value))


@pytest.mark.parametrize("data", [b"", b"[" * 100_000, b"no", b"[]", b"{}", b"\xff", b"null", b'"text"'])
def test_another_file_is_none(data: bytes) -> None:
    with pytest.raises(BadEvidence):
        decode(data)


def test_a_file_is_bounded() -> None:
    with pytest.raises(BadEvidence, match=f"more than {MAX_FILE} bytes"):
        decode(bytes(MAX_FILE + 1))


def test_a_bomb_is_not_unpacked() -> None:
    """Fetched together, answers are at most 16 MiB, however small they were packed."""
    bomb = b64encode(zlib.compress(bytes(4 * MAX_ANSWERS))).decode()
    with pytest.raises(BadEvidence, match=f"answers is not at most {MAX_ANSWERS} bytes"):
        decode(changed("answers.0.body", bomb))
    half = b64encode(zlib.compress(bytes(MAX_ANSWERS // 2 + 1))).decode()
    one = {**FIELDS["answers"][0], "body": half}
    with pytest.raises(BadEvidence, match=f"answers is not at most {MAX_ANSWERS} bytes"):
        decode(changed("answers", [one, one]))


def test_a_promise_is_bounded() -> None:
    """By what a certificate can have, as RFC 6962 frames it."""
    long = b64encode(bytes(MAX_LEAF + 1)).decode()
    with pytest.raises(BadEvidence, match=f"pledge.leaf is not at most {MAX_LEAF} bytes"):
        decode(changed("pledge.leaf", long))


def test_a_file_is_called_by_its_log_and_what_is_in_it() -> None:
    assert file_name(MADE, b"") == "log-20261118T110640Z-e3b0c44298fc.json"


LEAF = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(field=st.sampled_from(sorted(FIELDS)), value=LEAF | st.dictionaries(st.sampled_from(["raw", "size"]), LEAF))
def test_anything_in_a_field_is_evidence_or_an_error(field: str, value: object) -> None:
    with suppress(BadEvidence):
        found = decode(changed(field, value))
        assert decode(encode(found)) == found
