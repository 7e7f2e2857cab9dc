"""Bounds of what the core takes in: what is at one works, one past it is refused, and told with what and where."""

from __future__ import annotations

import base64
import json
import re

import pytest

from certhia._core import Certificate, Issuers, Matcher, Note, Page, Rules, Scan, count_get_entries, to_ascii
from certhia.errors import Malformed
from certhia.testing import CA, World, der
from certhia.testing.entries import u24

AUTHORITY = CA(5)
LEAF = b"\0\0" + bytes(8) + b"\0\0"  # version, type, timestamp and entry type of a certificate's leaf


def _body(*entries: tuple[bytes, bytes]) -> bytes:
    items = [[base64.b64encode(part).decode() for part in entry] for entry in entries]
    return json.dumps({"entries": [{"leaf_input": leaf, "extra_data": extra} for leaf, extra in items]}).encode()


def _scan(matcher: Matcher, certificate: bytes) -> Scan:
    leaf = LEAF + u24(certificate) + b"\0\0"
    return matcher.scan(Page.from_get_entries([_body((leaf, bytes(3)))], 0, Issuers()))


def _with(kind: str, value: bytes) -> Certificate:
    """A certificate with one more extension."""
    return Certificate.from_der(AUTHORITY.issue(extensions=[der.extension(kind, value)]).der)


def test_ten_thousand_names_are_all_matched() -> None:
    names = [f"name{number}.example" for number in range(10_000)]
    matcher = Matcher([("exact", name) for name in names])
    scan = _scan(matcher, AUTHORITY.issue(names).der)
    ((_, hits),) = scan.hits
    assert [(hit[0], hit[1]) for hit in hits] == list(enumerate(names))
    assert (scan.names, scan.quarantined) == (10_000, [])


def test_names_of_a_certificate() -> None:
    names = [f"{number}.example" for number in range(100_000)]
    matcher = Matcher([("exact", names[-1]), ("exact", "beyond.example")])
    scan = _scan(matcher, AUTHORITY.issue(names, common_name="").der)
    assert (scan.names, scan.quarantined) == (100_000, [])
    scan = _scan(matcher, AUTHORITY.issue([*names, "beyond.example"], common_name="").der)
    ((_, reason),) = scan.quarantined
    assert re.fullmatch(r"at most 100000 names at byte \d{7}", reason)
    assert {hit[1] for _, hits in scan.hits for hit in hits} == {names[-1]}


def test_matches_of_a_certificate() -> None:
    names = [f"n{number}.example" for number in range(1_001)]
    issued = AUTHORITY.issue(names).der
    scan = _scan(Matcher([("tree", "example")] * 99), issued)
    assert (sum(len(hits) for _, hits in scan.hits), scan.quarantined) == (99 * 1_001, [])
    scan = _scan(Matcher([("tree", "example")] * 100), issued)
    assert sum(len(hits) for _, hits in scan.hits) == 100_000
    ((_, reason),) = scan.quarantined
    assert "more than 100000 matches" in reason


def test_bytes_of_the_names_in_matches() -> None:
    """16 names of 64 KiB: 1 MiB for each rule."""
    names = [f"{number:x}{'a' * ((1 << 16) - 9)}.example" for number in range(16)]
    issued = AUTHORITY.issue(names, common_name="").der
    scan = _scan(Matcher([("tree", "example")] * 60), issued)
    assert (sum(len(hits) for _, hits in scan.hits), scan.quarantined) == (60 * 16, [])
    scan = _scan(Matcher([("tree", "example")] * 80), issued)
    assert 60 * 16 < sum(len(hits) for _, hits in scan.hits) < 70 * 16
    ((_, reason),) = scan.quarantined
    assert "64 MiB of names" in reason


def test_wildcards_of_a_certificate() -> None:
    """Those that can't be tried any more are told; the names that need no trying are matched all the same."""
    matcher = Matcher([("exact", f"n{number}.example") for number in range(5_000)])
    names = [f"w*{number}.example" for number in range(800)]
    assert _scan(matcher, AUTHORITY.issue(names, common_name="").der).quarantined == []
    scan = _scan(matcher, AUTHORITY.issue([*names, *names, "n7.example"], common_name="").der)
    ((_, reason),) = scan.quarantined
    assert "more wildcards than can be tried" in reason
    assert [hit[:2] for _, hits in scan.hits for hit in hits] == [(7, "n7.example")]


@pytest.mark.parametrize("depth", [32, 33])
def test_nesting_of_indefinite_lengths(depth: int) -> None:
    certificate = AUTHORITY.issue(["example.com"]).der
    wrapped = b"\x30\x80" + certificate[4:] + b"\x30\x80" * (depth - 1) + bytes(2 * depth)
    if depth < 33:
        assert Certificate.from_der(wrapped).dns_names == ["example.com"]
        return
    with pytest.raises(Malformed, match="nested") as caught:
        Certificate.from_der(wrapped)
    assert caught.value.offset > 0


def test_extensions_of_a_certificate() -> None:
    own = len(Certificate.from_der(AUTHORITY.issue().der).extensions)
    more = [der.extension("1.2.3.4", number.to_bytes(2, "big")) for number in range(10_000 - own)]
    full = Certificate.from_der(AUTHORITY.issue(extensions=more).der)
    assert (len(full.extensions), full.extensions_fault) == (10_000, None)
    san = der.extension(der.SUBJECT_ALT_NAME, der.sequence(der.tlv(0x82, b"last.example")))
    beyond = Certificate.from_der(AUTHORITY.issue(extensions=[*more, san]).der)
    assert len(beyond.extensions) == 10_000
    assert beyond.extensions_fault is not None
    assert "at most 10000 extensions" in beyond.extensions_fault
    assert beyond.dns_names == ["last.example"]


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_values_of_an_extension(count: int) -> None:
    policies = der.sequence(*(der.sequence(der.oid(f"1.2.3.{number}")) for number in range(count)))
    certificate = _with("2.5.29.32", policies)
    assert len(certificate.policies) == 10_000
    assert certificate.policies[-1] == ("1.2.3.9999", [])
    fault = certificate.extensions_fault or ""
    assert ("at most 10000 values" in fault) == (count > 10_000)


@pytest.mark.parametrize("count", [1024, 1025])
def test_scts_of_a_certificate(count: int) -> None:
    listed = b"\0\1\x09" * count  # of a version that nobody knows
    certificate = _with(der.SCT_LIST, der.tlv(der.OCTET_STRING, len(listed).to_bytes(2, "big") + listed))
    assert len(certificate.scts) == 1024
    fault = certificate.extensions_fault or ""
    assert ("at most 1024 SCTs" in fault) == (count > 1024)


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_attributes_of_a_name(count: int) -> None:
    subject = der.name(*((f"1.2.3.{number}", "x") for number in range(count - 1)), (der.COMMON_NAME, "cn.example"))
    names = der.extension(der.SUBJECT_ALT_NAME, der.sequence(der.tlv(0xA4, subject)))
    ((kind, text),) = Certificate.from_der(AUTHORITY.issue(extensions=[names]).der).alternative_names
    assert (kind, text.count("=")) == ("dirname", 10_000)
    assert text.startswith("CN=cn.example,"), "the last comes first (RFC 4514 section 2.1)"
    assert text.endswith("1.2.3.0=x") == (count == 10_000)


def test_entries_of_a_page() -> None:
    item = '{"leaf_input":"","extra_data":""}'
    full = f'{{"entries":[{",".join([item] * 65_536)}]}}'.encode()
    page = Page.from_get_entries([full], 0, Issuers())
    assert len(page) == 65_536
    one = Page.from_get_entries([f'{{"entries":[{item}]}}'.encode()], 65_536, Issuers())
    with pytest.raises(Malformed, match="at most 65536 entries"):
        Page.join([page, one])
    with pytest.raises(Malformed, match="at most 65536 entries") as caught:
        Page.from_get_entries([full[:-2] + b"," + item.encode() + b"]}"], 0, Issuers(), max_entries=1 << 20)
    assert caught.value.offset >= len(full) - 2


def test_entries_of_a_tile() -> None:
    leaf = bytes(10) + u24(b"x") + b"\0\0" + b"\0\0"
    assert len(Page.from_tile(leaf * 256, 0)) == 256
    with pytest.raises(Malformed, match="at most 256 entries") as caught:
        Page.from_tile(leaf * 257, 0)
    assert caught.value.offset == 256 * len(leaf)


def test_certificates_of_a_chain() -> None:
    """A longer one has more fingerprints than a TileLeaf can hold: it is carried as it came."""
    leaf = LEAF + u24(b"certificate") + b"\0\0"
    for count in (2_047, 2_048):
        extra = u24(u24(b"issuer") * count)
        entry = Page.from_get_entries([_body((leaf, extra))], 0, Issuers())[0]
        assert (len(entry.chain), entry.raw_extra) == ((count, None) if count == 2_047 else (0, extra))
        assert entry.certificate.fault is not None


def test_bytes_of_an_answer() -> None:
    largest = 128 << 20
    body = b'{"entries":[]}'.ljust(largest)
    assert count_get_entries(body) == 0
    with pytest.raises(Malformed, match=f"at most {largest} bytes") as caught:
        count_get_entries(body + b" ")
    assert caught.value.offset == largest


@pytest.mark.parametrize("depth", [31, 33])
def test_nesting_of_an_answer(depth: int) -> None:
    body = b'{"more":' + b"[" * depth + b"]" * depth + b',"entries":[]}'
    if depth < 32:
        assert count_get_entries(body) == 0
        return
    with pytest.raises(Malformed, match="deep") as caught:
        count_get_entries(body)
    assert 30 < caught.value.offset < len(body)


def test_signatures_of_a_note() -> None:
    note = World(seed=5).static("log").publish().body
    line = note.splitlines(keepends=True)[-1]
    missing = 64 - len(Note.parse(note).signatures)
    assert len(Note.parse(note + line * missing).signatures) == 64
    with pytest.raises(Malformed, match="at most 64 signatures") as caught:
        Note.parse(note + line * (missing + 1))
    assert caught.value.offset == len(note) + missing * len(line)


def test_bytes_of_a_note() -> None:
    body = World(seed=5).static("log").publish().body.partition(b"\n\n")[0] + "\n\n\u2014 ".encode()
    signature = b" " + base64.b64encode(bytes(5)) + b"\n"
    longest = body + b"x" * ((1 << 20) - len(body) - len(signature)) + signature
    assert len(Note.parse(longest).signatures) == 1
    with pytest.raises(Malformed, match="at most 1048576 bytes, not 1048577"):
        Note.parse(longest[: -len(signature)] + b"x" + signature)


@pytest.mark.parametrize(
    "kind, word, reason",
    [
        ("keyword", "word{}", "more than 100000 keywords"),
        ("typo", "example{}.com", "more than 100000 rules for look-alikes"),
        ("organization", "Example {}", "more than 100000 texts"),
    ],
)
def test_rules_of_a_kind(kind: str, word: str, reason: str) -> None:
    rules = Rules()
    for number in range(100_000):
        rules.add(kind, word.format(number))
    with pytest.raises(Malformed, match=f"{reason}; watch fewer"):
        rules.add(kind, word.format(100_000))
    assert len(rules) == 100_000


@pytest.mark.parametrize(
    "kind, good, bad, reason, offset",
    [
        ("keyword", "a" * 63, "a" * 64, "at most 63 characters", 63),
        ("issuer", "a" * 1024, "a" * 1025, "at most 1024", 1024),
        ("regex", "a" * 4096, "a" * 4097, "at most 4096", 4096),
        ("regex", "(" * 50 + "a" + ")" * 50, "(" * 51 + "a" + ")" * 51, "nested", 50),
        ("regex", "[ab]{10000}", "[ab]{30000}", "more than 1024 KiB; repeat less", 0),
    ],
)
def test_the_text_of_a_rule(kind: str, good: str, bad: str, reason: str, offset: int) -> None:
    rules = Rules()
    rules.add(kind, good)
    with pytest.raises(Malformed, match=reason) as caught:
        rules.add(kind, bad)
    assert (caught.value.offset, len(rules)) == (offset, 1)


def test_regular_expressions_together() -> None:
    rules = Rules()
    with pytest.raises(Malformed, match="more than 64 MiB together"):
        for number in range(200):
            rules.add("regex", f"[ab]{{10000}}{number}")
    assert len(rules) > 40


@pytest.mark.parametrize(
    "name, reason",
    [
        (".".join(["a" * 63] * 3 + ["b" * 61]), ""),
        (".".join(["a" * 63] * 3 + ["b" * 62]), "1 to 253 characters"),
        ("a" * 63 + ".example", ""),
        ("a" * 64 + ".example", "1 to 63 characters"),
        ("\u00ad" * 8191 + "a", ""),
        ("\u00ad" * 8192 + "a", "UTS 46"),
    ],
)
def test_names_as_rules_have_them(name: str, reason: str) -> None:
    if not reason:
        assert to_ascii(name) == name.replace("\u00ad", "")
        return
    with pytest.raises(Malformed, match=reason):
        to_ascii(name)
