"""The schema's own promises."""

from __future__ import annotations

from certhia.store import codec, schema

# What follows from other rows, and is recomputed by fsck instead of being in a row's checksum.
DERIVED = {
    "logs": {"mark", "end", "edge", "head_size", "head_root", "head_timestamp", "head_raw", "at", "seq"},
    "steps": {"log", "digest"},  # the log is in the first link of the chain
    "quarantine": {"mark", "resolved"},
    "matches": {"mark", "verified", "sightings", "spki", "naming"},
    "sightings": {"mark", "verified"},
    "deliveries": {"mark", "state", "attempts", "next_at", "size", "error"},
}


def test_checksums_cover_every_lasting_column() -> None:
    covered = {
        "logs": codec.LOG_MARKED,
        "steps": codec.STEP_COLUMNS,
        "quarantine": codec.QUARANTINE_COLUMNS,
        "matches": codec.MATCH_COLUMNS,
        "sightings": codec.SIGHTING_COLUMNS,
        "deliveries": codec.DELIVERY_COLUMNS,
    }
    for name, columns in covered.items():
        assert {*columns} | DERIVED[name] == {column.name for column in schema.metadata.tables[name].columns}, name
        assert not {*columns} & DERIVED[name], name


def test_every_reference_to_a_row_can_be_followed_back_fast() -> None:
    for table in schema.metadata.tables.values():
        leading = {next(iter(index.columns)) for index in table.indexes}
        leading.add(next(iter(table.primary_key.columns)))
        for key in table.foreign_keys:
            assert key.parent in leading, f"{table.name}.{key.parent.name}"
