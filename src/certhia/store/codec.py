"""How records lie in rows: a match as JSON, and the checksums that let `fsck` find what was changed by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from certhia.model import LogName, Match, MatchKind, Quarantined, RuleHit, Sighting
from certhia.store import kin

WIDEST: Final = (1 << 63) - 1  # the largest integer that a column holds
LEAF_KEPT: Final = 1 << 16  # bytes
MARKS: Final = 1 << 63  # sums of marks are taken modulo this

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode

# The columns that a row's mark or digest covers, in order. What follows from other rows is left out: fsck does that.
LOG_COLUMNS: Final = tuple(
    "id log_id key description operator protocol submission_url monitoring_url mmd first_seen "  # noqa: SIM905
    "start end edge head_size head_root head_timestamp head_raw at seq chain".split()
)
POSITION_COLUMNS: Final = LOG_COLUMNS[LOG_COLUMNS.index("start") :]
LOG_MARKED: Final = (*LOG_COLUMNS[: LOG_COLUMNS.index("end")], "chain")  # the rest repeats the ledger's last row
STEP_COLUMNS: Final = tuple(
    "seq start end count quarantined edge head_size head_root head_timestamp head_raw "  # noqa: SIM905
    "proof proof_kind note at merged link".split()
)
QUARANTINE_COLUMNS: Final = ("log", "index", "reason", "leaf_hash", "leaf_input", "at")
FREEZE_COLUMNS: Final = ("log", "number", "position", "at", "reason", "evidence")
BLOCK_COLUMNS: Final = (
    *("log", "start", "level", "root", "path", "head_size", "head_root", "head_timestamp", "head_raw"),
    *("quarantined", "merged", "at"),
)
MATCH_COLUMNS: Final = ("id", "key", "tbs_sha256", "seen", "payload")
SIGHTING_COLUMNS: Final = ("log", "index", "match", "precert", "timestamp")
DELIVERY_COLUMNS: Final = ("id", "match", "sink")

_LATER: Final = ("expected", "renewal", "fault", "unproven", "notes")  # fields of a match that the first payloads lack


def plain(text: str) -> str:
    """`text` as a database takes it: lone surrogates, which UTF-8 has no bytes for, and NULs are escaped."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def packed(values: list[Any]) -> bytes:
    """The values as Python writes them, in ASCII: no two lists pack to the same bytes, whatever the version."""
    return ascii(values).encode("ascii")


def mark(table: str, columns: tuple[str, ...], row: Mapping[str, Any]) -> int:
    """A row's checksum, 63 bits: finds accidents and careless hands, not forgers."""
    content = packed([table, *[row[column] for column in columns]])
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest()) >> 1


def done_mark(delivery: int) -> int:
    """What a delivery that was made adds to the tally `delivered`."""
    return int.from_bytes(hashlib.blake2b(b"done%d" % delivery, digest_size=8).digest()) >> 1


def resolved_mark(row: Mapping[str, Any]) -> int:
    """What a row of `quarantine` that was resolved adds to the tally `resolved`."""
    return mark("resolved", ("log", "index", "resolved"), row)


def accepted_mark(row: Mapping[str, Any]) -> int:
    """What a row of `freezes` that was accepted adds to the tally `accepted`."""
    return mark("accepted", ("log", "number", "accepted"), row)


def log_mark(row: Mapping[str, Any]) -> int:
    """What a log adds to the tally `logs`: that which never changes."""
    return mark("log", ("id", "log_id", "key", "first_seen"), row)


def genesis(log_id: bytes) -> bytes:
    """What the first row of a log's ledger chains on, 32 bytes."""
    return hashlib.sha256(b"certhia ledger\n" + log_id).digest()


def step_digest(before: bytes, row: Mapping[str, Any]) -> bytes:
    """The digest, 32 bytes, of a row of the ledger that follows on one whose chain value is `before`."""
    return hashlib.sha256(before + packed([row[column] for column in STEP_COLUMNS])).digest()


def chain_value(row: Mapping[str, Any]) -> bytes:
    """What the next row of the ledger chains on."""
    value: bytes = row["link"] or row["digest"]
    return value


def match_row(number: int, match: Match) -> dict[str, Any]:
    """A row of `matches`; `verified` and `sightings` are for the commit to say."""
    spki, naming = kin.digests(match)
    row = {
        "id": number,
        "key": match.key,
        "tbs_sha256": match.tbs_sha256,
        "seen": float(match.seen),
        "verified": False,
        "sightings": 0,
        "payload": encode_match(match),
        "spki": spki,
        "naming": naming,
    }
    row["mark"] = mark("matches", MATCH_COLUMNS, row)
    return row


def sighting_row(log: int, match: int, sighting: Sighting, *, verified: bool) -> dict[str, Any]:
    """A row of `sightings`. A timestamp is what a log claims, up to 64 bits: it is cut to what a column holds."""
    row = {
        "log": log,
        "index": sighting.index,
        "match": match,
        "precert": sighting.is_precert,
        "timestamp": min(sighting.timestamp, WIDEST),
        "verified": verified,
    }
    row["mark"] = mark("sightings", SIGHTING_COLUMNS, row)
    return row


def delivery_row(number: int, match: int, sink: str, size: int | None = None) -> dict[str, Any]:
    """A row of `deliveries`, pending."""
    row: dict[str, Any] = {"id": number, "match": match, "sink": sink, "state": 0, "attempts": 0, "next_at": None}
    row |= {"size": size, "error": None}
    row["mark"] = mark("deliveries", DELIVERY_COLUMNS, row)
    return row


def quarantine_row(log: int, entry: Quarantined) -> dict[str, Any]:
    """A row of `quarantine`. A leaf over 64 KiB is not kept: it can be fetched again by its index."""
    row = {
        "log": log,
        "index": entry.index,
        "reason": plain(entry.reason),
        "leaf_hash": entry.leaf_hash,
        "leaf_input": entry.leaf_input if len(entry.leaf_input) <= LEAF_KEPT else b"",
        "at": float(entry.at),
        "resolved": None,
    }
    row["mark"] = mark("quarantine", QUARANTINE_COLUMNS, row)
    return row


def encode_match(match: Match) -> str:
    """A match as JSON, ASCII only, without what has columns of its own, and without later fields that are empty."""
    first, log = match.sighting, match.log
    return _encode(
        {
            "names": match.names,
            "hits": [_encode_hit(hit) for hit in match.hits],
            "sighting": (first.log_id.hex(), first.index, first.is_precert, first.timestamp),
            "log": (log.id.hex(), log.url, log.description, log.operator),
            "not_before": match.not_before,
            "not_after": match.not_after,
            "serial": match.serial,
            "issuer": match.issuer,
            "issuer_organization": match.issuer_organization,
            "subject_organization": match.subject_organization,
            "sha256": match.sha256.hex(),
            "spki_sha256": match.spki_sha256.hex(),
            **({} if match.kind is MatchKind.ALERT else {"kind": match.kind.value}),
            **{name: value for name in _LATER if (value := getattr(match, name))},
        }
    )


def _encode_hit(hit: RuleHit) -> tuple[str | int, ...]:
    first = (hit.rule, hit.name, hit.where, hit.why, hit.programme, hit.platform)
    return (*first, hit.detail, hit.score) if hit.detail or hit.score else first


def decode_match(row: Mapping[str, Any]) -> Match:
    """The match that a row of `matches` holds; `verified` and `sightings` as of now."""
    fields: dict[str, Any] = json.loads(row["payload"])
    log_id, index, is_precert, timestamp = fields["sighting"]
    name_id, *name = fields["log"]
    return Match(
        key=row["key"],
        tbs_sha256=row["tbs_sha256"],
        hits=tuple(RuleHit(*hit) for hit in fields["hits"]),
        sighting=Sighting(bytes.fromhex(log_id), index, is_precert, timestamp),
        log=LogName(bytes.fromhex(name_id), *name),
        verified=row["verified"],
        seen=row["seen"],
        names=tuple(fields["names"]),
        not_before=fields["not_before"],
        not_after=fields["not_after"],
        serial=fields["serial"],
        issuer=fields["issuer"],
        issuer_organization=fields["issuer_organization"],
        subject_organization=fields["subject_organization"],
        sha256=bytes.fromhex(fields["sha256"]),
        spki_sha256=bytes.fromhex(fields["spki_sha256"]),
        sightings=max(row["sightings"], 1),
        kind=MatchKind(fields.get("kind", MatchKind.ALERT)),
        **{name: fields.get(name, "") for name in _LATER},
    )
