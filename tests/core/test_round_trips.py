"""What a log takes in comes out of both protocols as it went in: entries by certhia.testing, whatever is in them."""

from __future__ import annotations

import gzip
import itertools

from hypothesis import given
from hypothesis import strategies as st

from certhia._core import Issuers, Page
from certhia.testing import CA, FakeLog, RawEntry, Submission, World
from certhia.testing.rfc6962 import page as served_page

FIRST = 7_000
AUTHORITY = CA(3)
CHAINS = (AUTHORITY.precert_signer, AUTHORITY.intermediate, AUTHORITY.root)

contents = st.binary(min_size=1, max_size=300)
chains = st.lists(st.sampled_from(CHAINS) | contents, max_size=4).map(tuple)
submissions = st.builds(Submission, contents, chains) | st.builds(
    Submission, contents, chains, st.binary(min_size=32, max_size=32), contents
)
oddities = st.builds(RawEntry, st.binary(max_size=60), st.binary(max_size=60))


def _log(entries: list[Submission | RawEntry], *, static: bool) -> FakeLog:
    world = World(seed=3)
    log = world.static("log") if static else world.rfc6962("log")
    log.add(*entries, timestamp=1_700_000_000_000)
    log.publish()
    return log


def _page(log: FakeLog, issuers: Issuers) -> Page:
    return Page.from_get_entries([served_page(log, 0, len(log))], FIRST, issuers)


@given(st.lists(submissions, min_size=1, max_size=8))
def test_leaves_and_tiles(entries: list[Submission | RawEntry]) -> None:
    """get-entries, the canonical form, a tile of it, plain and packed: the same entries each time."""
    log, issuers = _log(entries, static=False), Issuers()
    served = _page(log, issuers)
    tile = b"".join(entry.tile_leaf for entry in served)
    for page in (served, Page.from_tile(tile, FIRST), Page.from_tile(gzip.compress(tile), FIRST)):
        assert len(page) == len(entries)
        for entry, made, submitted in zip(page, log.entries, entries, strict=True):
            assert isinstance(submitted, Submission)
            assert entry.leaf_input == made.leaf_input
            assert entry.certificate.der == submitted.signed
            assert entry.submitted == (submitted.precert or submitted.signed)
            assert entry.is_precert == submitted.is_precert
            assert entry.issuer_key_hash == (submitted.issuer_key_hash or None)
            assert tuple(issuers.get(fingerprint) for fingerprint in entry.chain) == submitted.chain
            assert (entry.fault, entry.raw_extra, entry.timestamp) == (None, None, 1_700_000_000_000)
    assert tile == b"".join(entry.tile_leaf for entry in Page.from_tile(tile, FIRST))


@given(st.lists(submissions, min_size=1, max_size=8))
def test_a_static_log_serves_what_its_entries_are(entries: list[Submission | RawEntry]) -> None:
    log = _log(entries, static=True)
    body = b"".join(entry.tile_leaf for entry in log.entries)
    page = Page.from_tile(body, FIRST)
    assert [entry.leaf_input for entry in page] == [entry.leaf_input for entry in log.entries]
    assert page.leaf_hashes == log.tree.hashes(0, 0, len(log))
    assert b"".join(entry.tile_leaf for entry in page) == body


@given(st.lists(submissions | oddities, min_size=1, max_size=8), st.data())
def test_slices_join_to_what_they_were_cut_from(entries: list[Submission | RawEntry], data: st.DataObject) -> None:
    """Whatever a log serves: what can't be framed is carried as it came."""
    log = _log(entries, static=False)
    page = _page(log, Issuers())
    for entry, made in zip(page, log.entries, strict=True):
        assert entry.leaf_input == made.leaf_input
        assert entry.raw_extra in {None, made.extra_data}
    cuts = sorted(data.draw(st.lists(st.integers(0, len(page)), max_size=3)))
    edges = [FIRST, *(FIRST + cut for cut in cuts), FIRST + len(page)]
    parts = [page.slice(start, end) for start, end in itertools.pairwise(edges)]
    joined = Page.join(parts)
    assert (joined.first, joined.end, joined.leaf_hashes) == (page.first, page.end, page.leaf_hashes)
    for one, other in zip(joined, page, strict=True):
        assert (one.index, one.tile_leaf, one.raw_extra, one.chain) == (
            other.index,
            other.tile_leaf,
            other.raw_extra,
            other.chain,
        )
