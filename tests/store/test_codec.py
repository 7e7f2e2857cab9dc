"""Records come back from rows as they went in; checksums tell them apart."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from certhia.model import LogName, Match, MatchKind, Quarantined, RuleHit, Sighting
from certhia.store import codec

hashes = st.binary(min_size=32, max_size=32)
words = st.text(st.characters(exclude_categories=()))  # lone surrogates too
times = st.floats(0, 4e9)
hits = st.builds(RuleHit, words, words, words, words, words, words, words, st.integers(0, 100))
sightings = st.builds(Sighting, hashes, st.integers(0, 2**63 - 1), st.booleans(), st.integers(0, 2**64 - 1))
matches = st.builds(
    Match,
    key=hashes,
    tbs_sha256=hashes,
    hits=st.lists(hits, max_size=3).map(tuple),
    sighting=sightings,
    log=st.builds(LogName, hashes, words, words, words),
    verified=st.booleans(),
    seen=times,
    names=st.lists(words, max_size=5).map(tuple),
    not_before=st.integers(-(2**80), 2**80),
    not_after=st.integers(),
    serial=words,
    issuer=words,
    issuer_organization=words,
    subject_organization=words,
    sha256=hashes,
    spki_sha256=hashes,
    sightings=st.integers(1, 9),
    kind=st.sampled_from(MatchKind),
    expected=words,
    renewal=words,
    fault=words,
    unproven=words,
)
values = st.lists(st.none() | st.integers() | st.binary() | words | st.floats(allow_nan=False) | st.booleans())


@given(matches, st.integers(1, 1 << 60))
def test_a_match_comes_back_as_it_went(match: Match, number: int) -> None:
    row = codec.match_row(number, match)
    assert row["payload"].isascii()
    assert "\0" not in row["payload"]
    assert codec.decode_match({**row, "verified": match.verified, "sightings": match.sightings}) == match


FIRST = (
    '{"names":["www.example.com"],"hits":[["example.com","www.example.com","san","below","Acme","hackerone"]],'
    '"sighting":["01",7,true,5],"log":["01","https://log.test/","Log","Op"],"not_before":1,"not_after":2,'
    '"serial":"0A","issuer":"CN=R1","issuer_organization":"","subject_organization":"","sha256":"02",'
    '"spki_sha256":"03"}'
)


def test_payloads_of_the_first_version_still_mean_what_they_meant() -> None:
    row = {"payload": FIRST, "key": b"k", "tbs_sha256": b"t", "verified": True, "seen": 5.0, "sightings": 2}
    match = codec.decode_match(row)
    assert match.hits == (RuleHit("example.com", "www.example.com", "san", "below", "Acme", "hackerone"),)
    assert (match.kind, match.expected, match.renewal, match.fault, match.unproven) == (MatchKind.ALERT, *("",) * 4)
    assert codec.encode_match(match) == FIRST, "what has none of the later fields is written as ever"


@given(values, values)
def test_different_values_pack_differently(one: list[Any], other: list[Any]) -> None:
    same = json.dumps(one, default=repr) == json.dumps(other, default=repr)
    assert (codec.packed(one) == codec.packed(other)) == same


@given(words)
def test_plain_text_is_what_a_database_takes(text: str) -> None:
    plain = codec.plain(text)
    assert plain.encode().decode() == plain
    assert "\0" not in plain
    assert codec.plain(plain) == plain


@given(words, st.binary(max_size=100), times)
def test_marks_fit_their_column(reason: str, leaf: bytes, at: float) -> None:
    row = codec.quarantine_row(1, Quarantined(b"l", 7, reason, b"h", leaf, at))
    assert 0 <= row["mark"] <= codec.WIDEST
    assert codec.mark("quarantine", codec.QUARANTINE_COLUMNS, row) == row["mark"]
    assert codec.mark("quarantine", codec.QUARANTINE_COLUMNS, {**row, "index": 8}) != row["mark"]
    assert codec.mark("other", codec.QUARANTINE_COLUMNS, row) != row["mark"]


def test_what_is_hashed_stays_the_same_for_ever() -> None:
    """States are read by later versions: these values may never change."""
    assert (
        codec.packed([1, None, "é\udcff'", b"\x00'", 1.5, True])
        == rb"""[1, None, "\xe9\udcff'", b"\x00'", 1.5, True]"""
    )
    assert codec.genesis(b"id").hex()[:16] == "10ffbc18cc0b6b03"
    row = dict.fromkeys(codec.STEP_COLUMNS, 1)
    assert codec.step_digest(b"", row).hex()[:16] == "fec767fc54c7c1b6"
    assert codec.mark("t", ("a",), {"a": 1}) == 8292097326503891617
    assert codec.done_mark(1) == 8362271616529132676


def test_a_leaf_is_kept_up_to_its_bound() -> None:
    for size, kept in ((codec.LEAF_KEPT, codec.LEAF_KEPT), (codec.LEAF_KEPT + 1, 0)):
        row = codec.quarantine_row(1, Quarantined(b"log", 7, "reason", bytes(32), bytes(size)))
        assert len(row["leaf_input"]) == kept
