"""Domains that were never seen before: against a Python set, and a filter written again from its description."""

from __future__ import annotations

import base64
import json
import mmap
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certhia import Malformed
from certhia._core import Issuers, Page, Suffixes, novel_domains, registrable_domain, registrable_domains, seen_fill
from certhia.testing import CA
from certhia.testing.entries import u24

KEY = bytes(range(16))
BLOCK = 64
AUTHORITY = CA(5)
LEAF = b"\0\0" + bytes(8) + b"\0\0"  # version, type, timestamp and entry type of a certificate's leaf
WORD = 2**64 - 1


def made(*certificates: bytes) -> Page:
    """A page of these certificates."""
    items = [base64.b64encode(LEAF + u24(der) + b"\0\0").decode() for der in certificates]
    body = json.dumps({"entries": [{"leaf_input": item, "extra_data": "AAAA"} for item in items]}).encode()
    return Page.from_get_entries([body], 0, Issuers())


def of(*names: Sequence[str]) -> Page:
    """A page of certificates for these names."""
    return made(*(AUTHORITY.issue(each).der for each in names))


def siphash(data: bytes, key: bytes) -> tuple[int, int]:
    """SipHash-2-4 with 128 bits, by the paper and its reference code."""

    def turn(word: int, by: int) -> int:
        return (word << by | word >> 64 - by) & WORD

    def rounds(count: int) -> None:
        for _ in range(count):
            a, b, c, d = state
            a, c = (a + b) & WORD, (c + d) & WORD
            b, d = turn(b, 13) ^ a, turn(d, 16) ^ c
            a = turn(a, 32)
            a, c = (a + d) & WORD, (c + b) & WORD
            d, b = turn(d, 21) ^ a, turn(b, 17) ^ c
            state[:] = a, b, turn(c, 32), d

    first, second = struct.unpack("<2Q", key)
    magic = struct.unpack(">4Q", b"somepseudorandomlygeneratedbytes")
    state = [half ^ part for half, part in zip((first, second, first, second), magic, strict=True)]
    state[1] ^= 0xEE
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        state[3] ^= word
        rounds(2)
        state[0] ^= word
    halves = []
    for place, mark in ((2, 0xEE), (1, 0xDD)):
        state[place] ^= mark
        rounds(4)
        halves.append(state[0] ^ state[1] ^ state[2] ^ state[3])
    return halves[0], halves[1]


def test_a_layer_is_what_its_description_says() -> None:
    names = ["example.com", "xn--bcher-kva.example", "a.co.uk"]
    layer = bytearray(BLOCK * 5)
    novel_domains(of(names), [layer], KEY)
    words = [0] * 40
    for name in names:
        place, bits = siphash(name.encode(), KEY)
        for word in range(8):
            words[(place * 5 >> 64) * 8 + word] |= 1 << (bits >> 6 * word & 63)
    assert list(struct.unpack("<40Q", layer)) == words


def test_each_new_domain_is_given_once_with_its_first_entry() -> None:
    given_page = of(
        ["www.example.com", "example.com", "a.example.co.uk"],
        ["*.example.com", "192.0.2.1", "com", "new.example"],
        ["b.example.co.uk"],
    )
    layer = bytearray(BLOCK * 64)
    found = novel_domains(given_page, [layer], KEY)
    assert found.new == [(0, "example.com"), (0, "example.co.uk"), (1, "new.example")]
    assert (found.count, found.domains, found.unread) == (3, 5, 0)
    assert found.names == 3 + 4 + 1
    again = novel_domains(given_page, [layer], KEY)
    assert (again.new, again.count, again.domains) == ([], 0, 5)
    assert novel_domains(given_page, [layer], bytes(16)).count == 3, "another key, another set"


def test_only_chosen_positions_are_looked_at() -> None:
    given_page = of(["a.test"], ["b.test"], ["c.test"])
    found = novel_domains(given_page, [bytearray(BLOCK)], KEY, positions=struct.pack("<3H", 0, 2, 900))
    assert found.new == [(0, "a.test"), (2, "c.test")]
    assert novel_domains(given_page, [bytearray(BLOCK)], KEY, positions=b"").domains == 0


def test_what_is_given_has_a_bound_and_is_counted_beyond() -> None:
    given_page = of([f"d{number}.example" for number in range(50)])
    layer = bytearray(BLOCK * 64)
    found = novel_domains(given_page, [layer], KEY, limit=2)
    assert (found.new, found.count) == ([(0, "d0.example"), (0, "d1.example")], 50)
    assert novel_domains(given_page, [layer], KEY).count == 0, "those beyond the bound are in the set"
    assert registrable_domains(given_page, limit=1) == [["d0.example"]]


def test_layers_before_the_last_are_asked_and_left_alone() -> None:
    first, second = bytearray(BLOCK * 8), bytearray(BLOCK * 16)
    novel_domains(of(["a.test"]), [first], KEY)
    before = bytes(first)
    found = novel_domains(of(["a.test", "b.test"]), [first, second], KEY)
    assert found.new == [(0, "b.test")]
    assert bytes(first) == before
    assert seen_fill(second)[0] == pytest.approx(1, abs=0.1)


def test_the_set_may_be_a_mapped_file(tmp_path: Path) -> None:
    path = tmp_path / "set"
    path.write_bytes(bytes(4096 + BLOCK * 8))
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        with memoryview(mapped) as whole, whole[4096:] as layer:
            assert novel_domains(of(["a.test"]), [layer], KEY).count == 1
        assert novel_domains(of(["a.test"]), [bytearray(path.read_bytes()[4096:])], KEY).count == 0


def test_fill_is_told_by_the_bits() -> None:
    layer = bytearray(BLOCK * 2000)
    assert seen_fill(layer) == (0.0, 0.0)
    for start in range(0, 60_000, 10_000):
        novel_domains(of([f"d{number}.example" for number in range(start, start + 10_000)]), [layer], KEY)
    count, rate = seen_fill(layer)
    assert count == pytest.approx(60_000, rel=0.01)
    assert rate == pytest.approx(0.001, rel=0.5)
    others = of([f"other{number}.example" for number in range(10_000)])
    claimed = 10_000 - novel_domains(others, [layer, bytearray(BLOCK * 4000)], KEY).count
    assert claimed == pytest.approx(10_000 * rate, abs=15)
    assert seen_fill(bytearray(b"\xff" * BLOCK)) == (float("inf"), 1.0)


def test_entries_that_cannot_be_read_give_what_can_still_be_found() -> None:
    der = AUTHORITY.issue(["www.broken.example"]).der
    # Past the names the certificate is cut off, which its first length knows nothing of.
    found = novel_domains(made(der[: der.index(b"www.broken.example") + 40]), [bytearray(BLOCK)], KEY)
    assert (found.unread, found.new) == (1, [(0, "broken.example")])
    assert novel_domains(made(b""), [bytearray(BLOCK)], KEY).unread == 1


def test_suffixes_of_ones_own_list() -> None:
    rules = "\n".join(f"filler{number}" for number in range(1000))
    own = Suffixes.parse(f"com\nexample.com\n{rules}".encode())
    given_page = of(["a.b.example.com"])
    assert registrable_domains(given_page) == [["example.com"]]
    assert registrable_domains(given_page, own) == [["b.example.com"]]
    assert novel_domains(given_page, [bytearray(BLOCK)], KEY, suffixes=own).new == [(0, "b.example.com")]


@pytest.mark.parametrize(
    "layers, fault, words",
    [
        ([], Malformed, "1 to 32 layers, not 0"),
        ([bytearray(BLOCK)] * 33, Malformed, "1 to 32 layers, not 33"),
        ([bytearray(BLOCK + 8)], Malformed, "blocks of 64 bytes"),
        ([bytearray(BLOCK + 1)], ValueError, "a writable, contiguous buffer"),
        ([bytearray()], ValueError, "a writable, contiguous buffer"),
        ([bytes(BLOCK)], ValueError, "a writable, contiguous buffer"),
        ([memoryview(bytearray(BLOCK * 2))[::2]], ValueError, "a writable, contiguous buffer"),
        ([memoryview(bytearray(BLOCK + 8))[1 : BLOCK + 1]], ValueError, "aligned"),
    ],
)
def test_what_is_no_layer_is_refused(layers: list[bytearray], fault: type[Exception], words: str) -> None:
    with pytest.raises(fault, match=words):
        novel_domains(of(["a.test"]), layers, KEY)


@pytest.mark.parametrize("call", [lambda p, la: novel_domains(p, la, b"short"), lambda _p, la: seen_fill(la[0][:7])])
def test_other_nonsense_is_refused(call: Callable[[Page, list[bytearray]], object]) -> None:
    with pytest.raises((Malformed, ValueError)):
        call(of(["a.test"]), [bytearray(BLOCK)])


LABELS = st.sampled_from(["a", "www", "xn--bcher-kva", "b-b", "co", "uk", "com", "github", "io", "A", "*", "", "bü"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


@given(st.lists(st.lists(NAMES, max_size=6), min_size=1, max_size=4))
def test_against_a_python_set(entries: list[list[str]]) -> None:
    given_page = of(*entries)
    read = [entry.certificate.names for entry in given_page]
    expected = [list(dict.fromkeys(filter(None, map(registrable_domain, names)))) for names in read]
    assert registrable_domains(given_page) == expected
    known: set[str] = set()
    new = []
    for position, domains in enumerate(expected):
        new += [(position, domain) for domain in domains if domain not in known]
        known.update(domains)
    assert novel_domains(given_page, [bytearray(BLOCK * 4096)], KEY).new == new


def test_real_pages(page: Page) -> None:
    domains = registrable_domains(page)
    assert len(domains) == len(page)
    wanted = list(dict.fromkeys(domain for each in domains for domain in each))
    layer = bytearray(BLOCK * 65536)
    found = novel_domains(page, [layer], KEY)
    assert [domain for _, domain in found.new] == wanted
    assert seen_fill(layer)[0] == pytest.approx(len(wanted), rel=0.01)


def test_many_domains_are_told_in_their_order_whatever_is_asked_for_together() -> None:
    names = [f"www.name{number}.com" for number in range(700)]
    domains = [name.removeprefix("www.") for name in names]
    page = of(names[:400], names[300:], ["www.name5.com", "fresh.org"])
    novel = novel_domains(page, [bytearray(BLOCK << 10)], KEY, limit=650)
    assert novel.new == [(0, one) for one in domains[:400]] + [(1, one) for one in domains[400:650]]
    assert (novel.count, novel.names, novel.domains) == (701, 802, 802)
