"""Columns of real pages against the entries one by one, and what Arrow's consumers make of them."""

from __future__ import annotations

import gc
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from tests.core.archives import members
from tests.core.made import made_tbs
from tests.core.made import name as named

from certhia._core import Batch, Entry, Issuers, Matcher, Page
from certhia.errors import Malformed

COLUMNS = [
    "index", "timestamp", "is_precert", "fault", "leaf_hash", "names", "tbs_sha256", "subject", "issuer",
    "issuer_organization", "serial", "not_before", "not_after", "key_algorithm", "key_bits", "signature_algorithm",
    "is_ca", "chain",
]  # fmt: skip
OF_CERTIFICATES = ("subject", "issuer", "serial", "key_algorithm", "key_bits", "signature_algorithm", "is_ca")
ATTRIBUTES = {"signature_algorithm": "signature_algorithm_name"}
DERIVED = ["sha256", "spki_sha256"]
ORGANIZATION = "2.5.4.10"


@pytest.fixture(scope="module")
def pages(page: Page, tiles: list[tuple[bytes, bytes]], edges: Page) -> list[Page]:
    """Captured answers, tiles, and entries that can't be decoded."""
    return [page, *(Page.from_tile(data, 256 * number) for number, (data, _) in enumerate(tiles)), edges]


@pytest.fixture(scope="module")
def edges(page: Page) -> Page:
    """Leaves that are broken in every way, between good ones."""
    good = page[0].leaf_input
    certificate = _leaf(b"\x30\x82\x00")
    salvageable = _leaf(b"junk" + bytes.fromhex("0603551d11") + b"\x04\x0f\x30\x0d\x82\x0bexample.com")
    version = b"\x01" + good[1:]
    kind = good[:10] + b"\x00\x07" + good[12:]
    leaves = [
        good,
        certificate,
        salvageable,
        version,
        kind,
        good[:40],
        good + b"x",
        _leaf(b""),
        b"",
        page[1].leaf_input,
    ]
    far = good[:2] + b"\xff" * 8 + good[10:]
    return _page([*leaves, far])


def _leaf(certificate: bytes) -> bytes:
    return bytes(12) + len(certificate).to_bytes(3, "big") + certificate + bytes(2)


def _page(leaves: list[bytes], first: int = 500) -> Page:
    entries = [{"leaf_input": b64encode(leaf).decode(), "extra_data": "AAAA"} for leaf in leaves]
    return Page.from_get_entries([json.dumps({"entries": entries}).encode()], first, Issuers())


def _row(entry: Entry, quarantined: dict[int, str], position: int) -> dict[str, object]:
    """What the columns should say of an entry."""
    certificate = None
    try:
        certificate = entry.certificate
    except Malformed:
        row: dict[str, object] = {"names": _page([_leaf(b"\0" + entry.leaf_input)])[0].certificate.names}
    else:
        row = {"names": certificate.names, "tbs_sha256": certificate.tbs_sha256, "sha256": certificate.sha256}
    if certificate is not None and certificate.fault is None:
        row |= {
            "subject": certificate.subject,
            "issuer": certificate.issuer,
            "issuer_organization": certificate.issuer_attribute(ORGANIZATION),
            "serial": certificate.serial,
            "not_before": certificate.not_before or None,
            "not_after": certificate.not_after or None,
            "key_algorithm": certificate.key_algorithm,
            "key_bits": certificate.key_bits,
            "signature_algorithm": certificate.signature_algorithm_name,
            "is_ca": certificate.is_ca,
            "spki_sha256": certificate.spki_sha256,
        }
    row |= {
        "index": entry.index,
        "timestamp": entry.timestamp if entry.timestamp < 1 << 63 else None,
        "is_precert": entry.is_precert,
        "fault": quarantined.get(position),
        "leaf_hash": entry.leaf_hash,
        "chain": entry.chain,
    }
    return dict.fromkeys([*COLUMNS, *DERIVED]) | row


def _rows(page: Page) -> list[dict[str, object]]:
    quarantined = dict(Matcher([]).scan(page).quarantined)
    return [_row(entry, quarantined, position) for position, entry in enumerate(page)]


def test_columns_hold_what_the_entries_hold(pages: list[Page]) -> None:
    for page in pages:
        batch = page.batch_with(DERIVED)
        assert batch.names == [*COLUMNS[:-1], *DERIVED, "chain"]
        assert (len(batch), batch.first) == (len(page), page.first)
        columns = {name: batch[name] for name in batch.names}
        for row, expected in enumerate(_rows(page)):
            assert {name: values[row] for name, values in columns.items()} == expected


@pytest.mark.parametrize("count", [2, 16, 17, 153])
def test_common_names_are_all_given_once(count: int) -> None:
    common = [f"n{number}.example" for number in range(count)]
    written = [*common, *(text.upper() for text in common), "no name"]
    tbs = made_tbs([], subject=named(*(("2.5.4.3", text.encode()) for text in written)))
    page = _page([_leaf(tbs)])
    assert page[0].certificate.names == common
    assert page.batch["names"] == [common]


@pytest.mark.parametrize("archive", ["certificates", "hostile"])
def test_whatever_the_bytes_are_there_is_a_row(corpus: Path, archive: str) -> None:
    ders = [der for _, der in members(corpus / f"{archive}.tar.zst") if 0 < len(der) < 1 << 20]
    for start in range(0, len(ders), 4096):
        page = _page([_leaf(der) for der in ders[start : start + 4096]], start)
        batch = page.batch
        pa.record_batch(batch).validate(full=True)
        columns = [batch[name] for name in (*OF_CERTIFICATES, "names", "tbs_sha256")]
        for entry, fault, *values in zip(page, batch["fault"], *columns, strict=True):
            read = entry.certificate
            expected = [getattr(read, ATTRIBUTES.get(name, name)) for name in OF_CERTIFICATES]
            if read.fault is not None:
                assert fault == read.fault
                expected = [None] * len(OF_CERTIFICATES)
            assert values == [*expected, read.names, read.tbs_sha256], entry.index


def test_names_are_found_in_bytes_that_are_no_certificate(edges: Page) -> None:
    names, faults = edges.batch["names"], edges.batch["fault"]
    assert names[2] == ["example.com"]
    assert names[0] == edges[0].certificate.names
    assert set(cast("list[str]", names[3])) == set(edges[0].certificate.names)
    assert [position for position, fault in enumerate(faults) if fault is None] == [0, 9, 10]


def test_only_what_is_asked_for_is_hashed(page: Page) -> None:
    assert page.batch.names == COLUMNS
    assert page.batch_with(["spki_sha256"]).names == [*COLUMNS[:-1], "spki_sha256", "chain"]
    with pytest.raises(ValueError, match='not "md5"'):
        page.batch_with(["md5"])
    with pytest.raises(KeyError, match="no column"):
        page.batch["spki_sha256"]


def test_arrow_gives_the_same_values(pages: list[Page]) -> None:
    for page in pages:
        batch = page.batch_with(DERIVED)
        table = pa.record_batch(batch)
        table.validate(full=True)
        assert table.schema.names == batch.names
        assert table.num_rows == len(page)
        for name in batch.names:
            assert _plain(table.column(name)) == batch[name], name


def _plain(column: Any) -> list[object]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    values: list[object] = column.to_pylist()
    return values


def test_types_are_those_that_readers_expect(page: Page) -> None:
    hashed = pa.binary(32)
    expected = {
        "index": pa.uint64(), "timestamp": pa.timestamp("ms", "UTC"), "is_precert": pa.bool_(), "fault": pa.string(),
        "leaf_hash": hashed, "names": pa.list_(pa.field("item", pa.string(), nullable=False)), "tbs_sha256": hashed,
        "subject": pa.string(), "issuer": pa.dictionary(pa.int32(), pa.string()),
        "issuer_organization": pa.dictionary(pa.int32(), pa.string()), "serial": pa.string(),
        "not_before": pa.timestamp("s", "UTC"), "not_after": pa.timestamp("s", "UTC"),
        "key_algorithm": pa.dictionary(pa.int32(), pa.string()), "key_bits": pa.uint32(),
        "signature_algorithm": pa.dictionary(pa.int32(), pa.string()), "is_ca": pa.bool_(),
        "chain": pa.list_(pa.field("item", hashed, nullable=False)),
    }  # fmt: skip
    schema = pa.schema(page.batch)
    assert dict(zip(schema.names, schema.types, strict=True)) == expected
    assert [field.name for field in schema if not field.nullable] == [
        "index", "is_precert", "leaf_hash", "names", "chain",
    ]  # fmt: skip
    first = pa.record_batch(page.batch).column("timestamp")[0].as_py()
    assert first == datetime.fromtimestamp(page[0].timestamp // 1000, UTC).replace(microsecond=first.microsecond)


def test_an_issuer_is_rendered_once(page: Page) -> None:
    issuers = pa.record_batch(page.batch).column("issuer")
    assert len(issuers.dictionary) == len({entry.certificate.issuer for entry in page}) < len(page)


def test_slices_are_pages_of_their_own(page: Page, edges: Page) -> None:
    for whole in (page, edges):
        for start, end in ((0, 0), (0, 1), (3, 9), (len(whole) - 1, len(whole))):
            part = whole.slice(whole.first + start, whole.first + end)
            table = pa.record_batch(part.batch)
            table.validate(full=True)
            assert part.batch.first == whole.first + start
            assert [table.column(name).to_pylist() for name in COLUMNS] == [
                pa.record_batch(whole.batch).column(name).to_pylist()[start:end] for name in COLUMNS
            ]
            assert all(_plain(table.column(name)) == part.batch[name] for name in COLUMNS)


def test_buffers_are_shared_and_outlive_the_batch(page: Page) -> None:
    batch = page.slice(page.first, page.first + 300).batch
    expected = {name: batch[name] for name in COLUMNS}
    one, two = pa.record_batch(batch), pa.record_batch(batch)
    assert _addresses(one) == _addresses(two)
    issuer, names = one.column("issuer"), one.column("names").flatten()
    del batch, one
    gc.collect()
    assert issuer.to_pylist() == expected["issuer"]
    assert names.to_pylist() == [name for names in expected["names"] for name in names]  # type: ignore[attr-defined]
    two.validate(full=True)
    assert {name: _plain(two.column(name)) for name in COLUMNS} == expected


def _addresses(batch: Any) -> list[list[int | None]]:
    return [[buffer and buffer.address for buffer in column.buffers()] for column in batch.columns]


@dataclass
class Offer:
    """Shows the same capsules to whoever asks."""

    capsules: tuple[object, object]

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        return self.capsules


def test_a_capsule_is_consumed_once(page: Page) -> None:
    batch = page.batch
    schema, array = batch.__arrow_c_array__()
    assert [repr(capsule).split('"')[1] for capsule in (schema, array)] == ["arrow_schema", "arrow_array"]
    offer = Offer((schema, array))
    taken = pa.record_batch(offer)
    with pytest.raises(ValueError, match="released"):
        pa.record_batch(offer)
    del schema, array, offer
    gc.collect()
    taken.validate(full=True)
    assert _plain(taken.column("index")) == batch["index"]


def test_a_requested_schema_is_looked_at(page: Page) -> None:
    batch = page.batch
    assert len(pa.record_batch(batch, schema=pa.schema(batch))) == len(batch)
    batch.__arrow_c_array__(batch.__arrow_c_schema__())
    with pytest.raises(ValueError, match=f"a struct with {len(COLUMNS)} fields"):
        batch.__arrow_c_array__(pa.schema([("a", pa.int32())]).__arrow_c_schema__())
    with pytest.raises(ValueError, match="a struct with"):
        batch.__arrow_c_array__(pa.int32().__arrow_c_schema__())
    with pytest.raises((ValueError, TypeError)):
        batch.__arrow_c_array__(batch.__arrow_c_array__()[1])


def test_nothing_leaks_whoever_lets_go(page: Page) -> None:
    part = page.slice(page.first, page.first + 256)
    each = part.batch.nbytes
    assert each > 100_000

    def rounds(count: int) -> None:
        for _ in range(count):
            batch = part.batch
            batch.__arrow_c_schema__()
            batch.__arrow_c_array__()  # never consumed
            columns = pa.record_batch(batch).columns  # children are taken over one by one
            del batch
            assert columns[0][0].as_py() == part.first

    rounds(20)
    before = _resident()
    rounds(400)
    assert _resident() - before < 100 * each  # 400 of them, or 800, would have stayed


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_an_empty_page_has_columns() -> None:
    page = Page.from_tile(b"", 7)
    table = pa.record_batch(page.batch)
    table.validate(full=True)
    assert (table.num_rows, table.schema.names, page.batch.first) == (0, COLUMNS, 7)
    assert all(page.batch[name] == [] for name in COLUMNS)


def test_a_batch_is_what_the_stub_says(page: Page) -> None:
    assert isinstance(page.batch, Batch)
    assert repr(page.slice(0, 2).batch) == "Batch(first=0, rows=2)"
