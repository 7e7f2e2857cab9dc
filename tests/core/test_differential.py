"""All certificates of the corpus as the core reads them, as `cryptography` does, and as their DER stands."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import zstandard
from tests.core import walked, witness
from tests.core.archives import members

from certhia._core import Certificate, Entry, Issuers, Page, Sct
from certhia.testing import der

PARTS = 8  # each archive is compared in so many tests, for those who run tests side by side


def _sct(sct: Sct) -> tuple[object, ...]:
    signature = (sct.hash_algorithm, sct.signature_algorithm, sct.signature)
    return (sct.version, sct.log_id, sct.timestamp, sct.extensions, *signature)


# Fields that the witnesses name otherwise, or of which they give a part.
OURS: dict[str, Callable[[Certificate], object]] = {
    "serial": lambda one: int(one.serial, 16),
    "extensions": lambda one: [(each.oid, each.critical, each.value) for each in one.extensions],
    "scts": lambda one: [_sct(each) for each in one.scts],
    "constraints": lambda one: (one.has_basic_constraints, one.is_ca, one.path_length),
}


@dataclass
class Comparison:
    """What was compared, how often, and where it differed."""

    compared: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        """Compares all fields that others read."""
        theirs = witness.read(content)
        if theirs is None:
            return
        ours = Certificate.from_der(content)
        for what, value in (theirs | walked.walk(content)).items():
            own = OURS[what](ours) if what in OURS else getattr(ours, what)
            self.compared[what] += 1
            if own != value:
                self.differences.append(f"{name} {what}: {own!r}, but others read {value!r}")
        self.compared["certificates"] += 1
        named = witness.named(content)
        if named is not None:
            self.compared["names"] += 1
        lost = {name.lower() for name in named or ()} - {name.lower() for name in ours.names}
        if lost:
            self.differences.append(f"{name} names: without {lost}")


@functools.cache
def _archive(path: Path) -> list[tuple[str, bytes]]:
    return list(members(path))


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("archive, least", [("certificates", 12_900), ("hostile", 3_800)])
def test_archives(corpus: Path, archive: str, least: int, part: int) -> None:
    comparison = Comparison()
    for name, content in _archive(corpus / f"{archive}.tar.zst")[part::PARTS]:
        comparison.add(name, content)
    assert comparison.differences == []
    assert comparison.compared["certificates"] > 0.8 * least / PARTS
    untouched = {*witness.FRAME, *witness.EXTENSIONS} - {*comparison.compared}
    assert untouched == set()


def _whole(tbs: bytes) -> bytes:
    """A TBS with a signature behind it that nobody made: what it is to those who read certificates only."""
    _, _, body, _ = next(der.elements(tbs))
    algorithm = [tbs[start:end] for _, start, _, end in der.elements(tbs, body)][2]
    return der.sequence(tbs, algorithm, der.tlv(der.BIT_STRING, b"\0"))


def _signed_for(entry: Entry, issuers: Issuers) -> bool:
    """Whether a Precertificate Signing Certificate signed it: then issuer and its key's identifier differ."""
    signer = issuers.get(entry.chain[0]) if entry.chain else None
    return signer is not None and Certificate.from_der(signer).is_precert_signing


def _compare_page(comparison: Comparison, page: Page, issuers: Issuers) -> None:
    """What the tree covers, what was submitted, and the chains."""
    for entry in page:
        of_tree = entry.certificate
        if entry.is_precert:
            whole = _whole(of_tree.der)
            comparison.add(f"{entry!r} whole", whole)
            same = Certificate.from_der(whole)
            assert (of_tree.names, of_tree.tbs_sha256, of_tree.serial) == (same.names, same.tbs_sha256, same.serial)
        if entry.is_precert and entry.submitted and not _signed_for(entry, issuers):
            assert of_tree.tbs_sha256 == Certificate.from_der(entry.submitted).tbs_sha256
        comparison.add(f"{entry!r} submitted", entry.submitted)
    for fingerprint in page.issuers:
        comparison.add(fingerprint.hex(), issuers.get(fingerprint) or b"")


def test_captured_pages(corpus: Path, bodies: list[bytes]) -> None:
    comparison, issuers = Comparison(), Issuers()
    edges = [path.read_bytes() for path in sorted(corpus.glob("edge-*.json"))]
    for body in (*bodies, *edges):
        _compare_page(comparison, Page.from_get_entries([body], 0, issuers), issuers)
    assert comparison.differences == []
    assert comparison.compared["certificates"] > 1300


def test_tiles(tiles: list[tuple[bytes, bytes]]) -> None:
    comparison = Comparison()
    for body, _ in tiles:
        _compare_page(comparison, Page.from_tile(body, 0), Issuers())
    assert comparison.differences == []
    assert comparison.compared["certificates"] > 1024


@pytest.mark.parametrize("part", range(PARTS))
def test_entries(corpus: Path, part: int) -> None:
    with zstandard.open(corpus / "ct-entries.jsonl.zst", "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines][part::PARTS]
    served = [{key: entry[key] or "" for key in ("leaf_input", "extra_data")} for entry in entries]
    comparison, issuers = Comparison(), Issuers()
    page = Page.from_get_entries([json.dumps({"entries": served}).encode()], 0, issuers)
    assert len(page) == len(entries)
    _compare_page(comparison, page, issuers)
    assert comparison.differences == []
    assert comparison.compared["certificates"] > len(entries)
