"""Heads count only when the log's signature holds; whatever else a server sends is BadAnswer or Unverified."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from certhia import data
from certhia.errors import BadAnswer, Unverified
from certhia.logs.heads import MAX_CHECKPOINT, MAX_STH, check_head, key_id, public_key, read_checkpoint, read_sth
from certhia.logs.loglist import parse
from certhia.model import Head, Log, Protocol
from certhia.testing import heads, keys

ROOT = hashlib.sha256(b"root").digest()
TIME = 1_790_000_000_000


def log_with(key: keys.PrivateKey, protocol: Protocol = Protocol.RFC6962) -> Log:
    spki = keys.spki(key)
    return Log(
        id=hashlib.sha256(spki).digest(),
        key=spki,
        description="Test 'Alder2026'",
        operator="Test",
        protocol=protocol,
        submission_url="https://alder.test/2026/",
        monitoring_url="https://mon.alder.test/2026/",
    )


KEY = keys.p256("alder")
LOG = log_with(KEY)
STATIC = log_with(KEY, Protocol.STATIC)
STH = heads.sth(KEY, TIME, 1000, ROOT)


def changed(**fields: object) -> bytes:
    """A good answer to get-sth with fields replaced; None takes one away."""
    answer = {**json.loads(STH), **fields}
    return json.dumps({name: value for name, value in answer.items() if value is not None}).encode()


def signature(change: bytes) -> str:
    return base64.b64encode(change).decode()


GOOD_SIGNATURE = base64.b64decode(json.loads(STH)["tree_head_signature"])


def test_a_real_head_of_a_real_log(corpus: Path) -> None:
    """Google Argon2020, whose key is in Apple's list."""
    listed = parse((corpus / "loglists/apple/current_log_list.json").read_bytes(), source="apple")
    argon = next(log for log in listed.logs if log.url.endswith("/argon2020/"))
    head = read_sth(argon, (corpus / "argon2020-proofs/get-sth.json").read_bytes())
    assert (head.size, head.timestamp) == (961984011, 1726494206646)
    with pytest.raises(Unverified, match="argon2020/: get-sth"):
        read_sth(argon, head.raw.replace(b"961984011", b"961984012"))


@pytest.mark.parametrize("key", [KEY, keys.rsa2048("alder")], ids=["ecdsa", "rsa"])
def test_both_kinds_of_keys(key: keys.PrivateKey) -> None:
    log = log_with(key)
    body = heads.sth(key, TIME, 1000, ROOT)
    assert read_sth(log, body) == Head(1000, ROOT, TIME, body)
    note = heads.checkpoint(key, log.origin, TIME, 1000, ROOT)
    assert read_checkpoint(log, note) == Head(1000, ROOT, TIME, note)


@pytest.mark.parametrize(
    "body",
    [
        changed(tree_size=1001),
        changed(timestamp=TIME + 1),
        changed(sha256_root_hash=signature(hashlib.sha256(b"other").digest())),
        changed(tree_head_signature=signature(GOOD_SIGNATURE[:-1] + bytes((GOOD_SIGNATURE[-1] ^ 1,)))),
        changed(tree_head_signature=signature(b"\x04\x01" + GOOD_SIGNATURE[2:])),  # RSA, says it
        changed(tree_head_signature=signature(b"\x02\x03" + GOOD_SIGNATURE[2:])),  # SHA-1
        changed(tree_head_signature=signature(b"\x04\x03\x00\x00")),
        heads.sth(keys.p256("another"), TIME, 1000, ROOT),
    ],
)
def test_what_the_log_did_not_sign(body: bytes) -> None:
    with pytest.raises(Unverified, match=": get-sth"):
        read_sth(LOG, body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"<html>502</html>",
        b"\xff\xfe",
        b"[" * 60_000,
        b" " * (MAX_STH + 1),
        STH[:-1],
        changed(tree_size=None),
        changed(tree_size="1000"),
        changed(tree_size=1000.0),
        changed(tree_size=True),
        changed(tree_size=-1),
        changed(tree_size=1 << 63),
        changed(timestamp=-1),
        changed(timestamp=1 << 62),  # no date
        changed(timestamp=[]),
        changed(sha256_root_hash="AAAA"),
        changed(sha256_root_hash=7),
        changed(sha256_root_hash="b\u00fccher"),
        changed(tree_head_signature=None),
        changed(tree_head_signature="*"),
        changed(tree_head_signature=""),
        changed(tree_head_signature=signature(GOOD_SIGNATURE + b"\0")),
        changed(tree_head_signature=signature(GOOD_SIGNATURE[:-1])),
    ],
)
def test_what_is_no_answer_to_get_sth(body: bytes) -> None:
    with pytest.raises(BadAnswer, match=": get-sth"):
        read_sth(LOG, body)


def test_unknown_fields_are_ignored() -> None:
    assert read_sth(LOG, changed(log_id="x", future={"a": 1})).size == 1000


def test_a_checkpoint_with_signatures_of_others() -> None:
    """What Sunlight writes: grease, unknown kinds under the log's own name, an Ed25519 one."""
    note = heads.checkpoint(KEY, STATIC.origin, TIME, 1000, ROOT, extra=True)
    assert note.count("\N{EM DASH}".encode()) == 4
    assert read_checkpoint(STATIC, note) == Head(1000, ROOT, TIME, note)


def test_the_key_id_is_that_of_the_spec() -> None:
    assert key_id(STATIC) == hashlib.sha256(b"alder.test/2026\n\x05" + STATIC.id).digest()[:4]


def test_the_first_signature_of_our_key_decides() -> None:
    good = heads.checkpoint(KEY, STATIC.origin, TIME, 1000, ROOT).decode()
    bad = heads.signature_line(STATIC.origin, b"\x05" + STATIC.id, b"\0" * 8 + b"\x04\x03\x00\x01\x00")
    body, line = good.split("\n\n")
    assert read_checkpoint(STATIC, f"{body}\n\n{line}{bad}".encode()).size == 1000
    with pytest.raises(Unverified, match="does not hold"):
        read_checkpoint(STATIC, f"{body}\n\n{bad}{line}".encode())


SHORT_LINE = heads.signature_line(STATIC.origin, b"\x05" + STATIC.id, b"\0" * 7).encode()
NOTE = heads.checkpoint(KEY, STATIC.origin, TIME, 1000, ROOT)


@pytest.mark.parametrize(
    "note",
    [
        heads.checkpoint(KEY, "other.test/2026", TIME, 1000, ROOT),
        NOTE.replace(b"alder.test/2026\n1000", b"other.test/2026\n1000"),
        NOTE.replace(b"\n1000\n", b"\n1001\n"),
        NOTE.replace(b"\xe2\x80\x94 alder", b"\xe2\x80\x94 elder"),
        heads.checkpoint(keys.p256("another"), STATIC.origin, TIME, 1000, ROOT),
    ],
)
def test_checkpoints_of_others(note: bytes) -> None:
    with pytest.raises(Unverified, match=": checkpoint"):
        read_checkpoint(STATIC, note)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"alder.test/2026\n",
        STH,
        NOTE[:-1],
        NOTE.replace(b"\n1000\n", b"\n01000\n"),
        NOTE.replace(b"\n1000\n", b"\n-1\n"),
        NOTE.replace(b"\n\n", b"\nan extension\n\n"),
        NOTE + b"\n" * 1_000_000,
        NOTE + b"\xe2\x80\x94 x AAAAAAAA\n" * 70_000,
        b"x" * (MAX_CHECKPOINT + 1),
        NOTE.split(b"\n\n")[0] + b"\n\n" + SHORT_LINE,
        heads.checkpoint(KEY, STATIC.origin, 1 << 63, 1000, ROOT),
    ],
)
def test_what_is_no_checkpoint(note: bytes) -> None:
    with pytest.raises(BadAnswer, match=": checkpoint"):
        read_checkpoint(STATIC, note)


def test_keys_that_no_log_has() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    for key in (keys.spki(ec.generate_private_key(ec.SECP384R1())), keys.spki(weak), b"", b"\x30\x03\x02\x01"):
        with pytest.raises(ValueError, match="key"):
            public_key(key)
        with pytest.raises(Unverified, match="key can't be used"):
            read_sth(replace(LOG, key=key), STH)


def test_a_kept_head_is_checked_again() -> None:
    note = read_checkpoint(STATIC, NOTE)
    sth = read_sth(LOG, STH)
    check_head(STATIC, note)
    check_head(LOG, sth)
    check_head(replace(LOG, protocol=Protocol.HYBRID), sth)
    check_head(STATIC, sth)  # the log went from one protocol to the other since
    for head in (sth, note):
        for wrong in (replace(head, size=999), replace(head, root=b"\0" * 32), replace(head, timestamp=TIME - 1)):
            with pytest.raises(Unverified):
                check_head(STATIC, wrong)
    with pytest.raises(Unverified):
        check_head(LOG, replace(sth, raw=changed(tree_size=1001), size=1001))
    with pytest.raises(BadAnswer):
        check_head(LOG, replace(sth, raw=b""))


def test_messages_begin_with_the_url_once_and_leave_the_name_to_who_shows_them() -> None:
    for read, log in ((read_sth, LOG), (read_checkpoint, STATIC)):
        with pytest.raises(BadAnswer) as error:
            read(log, b"")
        text = str(error.value)
        assert text.startswith(f"{log.url}: ")
        assert text.count(log.url) == 1
        assert log.description not in text


def test_messages_are_inert() -> None:
    with pytest.raises(BadAnswer) as error:
        read_sth(LOG, changed(tree_size="\x1b[2J\u202e"))
    assert str(error.value).isascii()
    assert str(error.value).isprintable()


@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    for read in (read_sth, read_checkpoint):
        with pytest.raises((BadAnswer, Unverified)):
            read(STATIC, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(json.loads(STH), JSON)))
def test_any_fields(fields: dict[str, object]) -> None:
    body = json.dumps({**json.loads(STH), **fields}).encode()
    try:
        head = read_sth(LOG, body)
    except (BadAnswer, Unverified):
        return
    assert (head.size, head.root, head.timestamp) == (1000, ROOT, TIME)


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_any_byte_of_a_checkpoint_flipped(position: int, flip: int) -> None:
    """Every byte of a checkpoint with one signature counts; only the spare bits of base64 could differ unseen."""
    note = bytearray(NOTE)
    note[position] ^= flip
    try:
        head = read_checkpoint(STATIC, bytes(note))
    except (BadAnswer, Unverified):
        return
    assert (head.size, head.root, head.timestamp) == (1000, ROOT, TIME)


def test_the_shipped_keys_can_all_be_used() -> None:
    for log in parse(data.google_list()[0], source="google").logs:
        public_key(log.key)
