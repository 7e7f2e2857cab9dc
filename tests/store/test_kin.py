"""Certificates that continue others are known by their key, or by names and issuer; in memory, staged or stored."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.store.conftest import both

from certhia.model import Match
from certhia.store import State, kin
from certhia.store.fsck import check

if TYPE_CHECKING:
    from tests.store.conftest import Book


def test_names_are_a_set_in_any_case_and_the_issuer_is_its_organisation() -> None:
    one = kin.names_digest(["www.example.com", "example.com"], "Acme", "CN=A1,O=Acme")
    assert one == kin.names_digest(["example.com", "WWW.example.com", "example.com"], "Acme", "CN=A2,O=Acme")
    assert one is not None
    assert len(one) == kin.DIGEST
    assert one != kin.names_digest(["www.example.com"], "Acme", "")
    assert one != kin.names_digest(["www.example.com", "example.com"], "Other", "")
    assert kin.names_digest(["a.example"], "", "CN=A1") != kin.names_digest(["a.example"], "", "CN=A2")
    assert kin.names_digest(["\udcff"], "Acme", "") is not None


def test_nothing_is_shared_where_there_is_nothing() -> None:
    assert kin.names_digest([], "Acme", "CN=A1") is None
    assert kin.names_digest(["a.example"], "", "") is None
    assert kin.key_digest(hashlib.sha256(b"").digest()) is None
    assert kin.key_digest(b"k" * 32) == b"k" * 16


def test_what_could_not_be_decoded_is_nobodys_kin(book: Book) -> None:
    assert kin.digests(replace(book.match(1), fault="why")) == (None, None)


def test_the_same_certificate_is_no_renewal_of_itself(book: Book) -> None:
    known = kin.Kin()
    match = book.match(1)
    known.add(match)
    assert known.renewal(match) == ""
    assert known.renewal(replace(match, key=b"another sighting")) == ""
    assert known.renewal(replace(match, tbs_sha256=b"t" * 32)) == "key"
    assert known.renewal(replace(match, tbs_sha256=b"t" * 32, spki_sha256=b"k" * 32)) == "names and issuer"
    assert known.renewal(replace(match, tbs_sha256=b"t" * 32, spki_sha256=b"k" * 32, names=("other.example",))) == ""


def test_memory_is_bounded() -> None:
    known = kin.Kin(3)
    for number in range(10):
        known.learn(bytes([number]), b"t")
    assert [number for number in range(10) if bytes([number]) in known] == [7, 8, 9]


def renewed(match: Match, tbs: bytes, **changes: object) -> Match:
    return replace(match, key=tbs * 32, tbs_sha256=tbs * 32, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("commit", [True, False])
@both
async def test_stored_and_staged_ones_are_found(state: State, book: Book, commit: bool) -> None:
    writer = state.writer
    writer.log(book.log)
    first = book.match(1)
    writer.match(first, ["a"])
    if commit:
        await writer.durable()
        writer.kin = kin.Kin()  # as after a restart, or long ago
    same_key, same_names = renewed(first, b"k"), renewed(first, b"n", spki_sha256=b"s" * 32)
    stranger = renewed(first, b"x", spki_sha256=b"y" * 32, names=("other.example",))
    await state.look([first, same_key, same_names, stranger], book.log.id, [])
    told = [writer.kin.renewal(match) for match in (first, same_key, same_names, stranger)]
    assert told == ["", "key", "names and issuer", ""]


@both
async def test_many_with_one_key(state: State, book: Book) -> None:
    state.writer.log(book.log)
    for index in range(700):
        state.writer.match(replace(book.match(index), spki_sha256=b"s" * 32), [])
    await state.writer.durable()
    state.writer.kin = kin.Kin()
    match = replace(book.match(5), spki_sha256=b"s" * 32)
    await state.look([match, *(book.match(index) for index in range(1000, 1600))], book.log.id, [])
    assert state.writer.kin.renewal(match) == "key"
    assert await check(state) == []
