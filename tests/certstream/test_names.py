"""Names tiles: what they say, and what is no names tile."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from certhia._core import Issuers, Matcher, Page
from certhia.certstream.messages import MAX_NAMES
from certhia.certstream.names import MAX_UNPACKED, Named, read
from certhia.errors import BadAnswer, Malformed
from certhia.net import TooLong


def line(number: int = 0, **said: object) -> bytes:
    fields = {"Timestamp": 1_746_292_399_101, "Subject": {"CommonName": f"a{number}.test"}, "DNS": [f"b{number}.test"]}
    return json.dumps({**fields, **said}).encode() + b"\n"


def read_all(body: bytes, count: int, first: int = 0) -> Named:
    return read(body, first, count, Issuers(), 1.0)


def test_a_line_is_an_entry() -> None:
    found = read_all(
        line(0, IP=["192.0.2.1"]) + line(1, Subject={}, DNS=None) + line(2, Subject={"CommonName": "Some Body"}), 3, 512
    )
    assert [one.names for one in found.told] == [("b0.test", "192.0.2.1", "a0.test"), (), ("b2.test",)]
    assert (found.page.first, found.page.end, found.page.timestamp(1)) == (512, 515, 1_746_292_399_101)
    scan = Matcher([("tree", "b2.test")]).scan(found.page)
    assert [position for position, _ in scan.hits] == [2]


def test_the_full_tile_may_come_for_a_partial_one() -> None:
    found = read_all(b"".join(map(line, range(256))), 3)
    assert (len(found.told), len(found.page)) == (3, 3)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 257, 50_000])
def test_another_number_of_lines_is_refused(count: int) -> None:
    with pytest.raises(Malformed, match="a names tile of 3 lines, not"):
        read_all(b"".join(map(line, range(count))), 3)


@pytest.mark.parametrize(
    "bad, said",
    [
        (b"<html>\n", "in JSON"),
        (b"[" * 100_000 + b"\n", "in JSON"),
        (b"1" * 10_000 + b"\n", "in JSON"),
        (b"[]\n", "with a Timestamp"),
        (line(Timestamp=True), "with a Timestamp"),
        (line(Timestamp=-1), "with a Timestamp"),
        (line(Timestamp=1 << 64), "with a Timestamp"),
        (line(Subject=[1]), "with a Subject that is an object"),
        (line(DNS="a.test"), "with lists of at most"),
        (line(DNS=["a.test"] * (MAX_NAMES + 1)), "with lists of at most"),
        (line(DNS=[1]), "with names that are texts"),
        (line(DNS=[""]), "with names that are texts"),
        (line(DNS=["a" * 4097]), "with names that are texts"),
    ],
)
def test_lines_that_are_no_entries(bad: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=f"line 2 {said}"):
        read_all(line(0) + bad + line(2), 3)


def test_what_is_unpacked_is_bounded() -> None:
    assert len(read_all(gzip.compress(line()), 1).told) == 1
    for body in (bytes(MAX_UNPACKED + 1), gzip.compress(bytes(MAX_UNPACKED + 1))):
        with pytest.raises(TooLong):
            read_all(body, 1)
    with pytest.raises(BadAnswer, match="cut off"):
        read_all(gzip.compress(line())[:-9], 1)


@pytest.mark.parametrize("tile", range(4))
def test_real_ones_say_what_the_data_tiles_say(corpus: Path, tile: int) -> None:
    tiles = corpus / "tiles/navigli2025h2/tile"
    found = read_all((tiles / f"names/{tile:03d}").read_bytes(), 256, tile * 256)
    page = Page.from_tile((tiles / f"data/{tile:03d}").read_bytes(), tile * 256)
    for told, ours, entry in zip(found.told, found.page, page, strict=True):
        assert told.timestamp == ours.timestamp == entry.timestamp
        assert list(told.names) == entry.certificate.names
