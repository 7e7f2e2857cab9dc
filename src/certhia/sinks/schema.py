"""What the fields of a match record are: names, types and meaning, in one table, and the JSON Schema made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certhia.model import MatchKind

_STRING: Mapping[str, object] = {"type": "string"}
_STRING_OR_NULL: Mapping[str, object] = {"type": ["string", "null"]}
_INTEGER: Mapping[str, object] = {"type": "integer"}
_COUNT: Mapping[str, object] = {"type": "integer", "minimum": 0}
_BOOLEAN: Mapping[str, object] = {"type": "boolean"}
_SHA256: Mapping[str, object] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_HIT: Mapping[str, object] = {
    "rule": {**_STRING, "description": "The rule as its author wrote it"},
    "name": {**_STRING, "description": "The name or address that it matched"},
    "where": {
        **_STRING,
        "description": "Where that stood: san, cn or ip; for rules on the whole certificate issuer, subject, key or "
        "certificate",
    },
    "why": {
        **_STRING,
        "description": "How it matched: exact, apex, below, wildcard (a certificate's wildcard reaches it), cidr, "
        "everything, keyword, regex, lookalike, issuer, organization, key, certificate, or possible: a label that "
        "nobody can read may stand for it",
    },
    "programme": {**_STRING_OR_NULL, "description": "The programme that the rule belongs to"},
    "platform": {**_STRING_OR_NULL, "description": "That programme's platform"},
    "detail": {
        **_STRING_OR_NULL,
        "description": "What explains it besides: the trick of a look-alike, the text that was found",
    },
    "score": {
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": 100,
        "description": "How alike a look-alike is",
    },
}
_HITS: Mapping[str, object] = {
    "type": "array",
    "items": {"type": "object", "properties": _HIT, "required": [*_HIT], "additionalProperties": False},
}


def _one_of(*values: str) -> Mapping[str, object]:
    """One of these texts, or null."""
    return {"type": ["string", "null"], "enum": [*values, None]}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its JSON Schema type and what it means."""

    name: str
    type: Mapping[str, object]
    meaning: str


# ct-scout's fields first, with its names, types and units, then ours.
FIELDS: tuple[Field, ...] = (
    Field("timestamp", _INTEGER, "When the match was found, Unix seconds"),
    Field("matched_domain", _STRING, "The name or address that the first rule matched"),
    Field("all_domains", {"type": "array", "items": _STRING}, "All names and addresses of the certificate"),
    Field("cert_index", _COUNT, "Index of the entry in its log"),
    Field("not_before", _INTEGER, "Begin of validity, Unix seconds"),
    Field("not_after", _INTEGER, "End of validity, Unix seconds"),
    Field("fingerprint", _SHA256, "SHA-256 of the certificate, hex; equal to `sha256`"),
    Field("program_name", _STRING_OR_NULL, "Programme of the first rule"),
    Field("platform", _STRING_OR_NULL, "That programme's platform"),
    Field("seen_unix", {"type": "number"}, "When the match was found, Unix seconds with their fraction"),
    Field("issuer", _STRING, "Common name of the issuer; its distinguished name where it has none"),
    Field("is_precert", _BOOLEAN, "Whether this sighting is a precertificate"),
    Field("ct_log_url", _STRING, "The log that it was seen in"),
    Field("id", _SHA256, "The same whenever and wherever this match is told again: what a receiver deduplicates by"),
    Field("repeat", _BOOLEAN, "Whether this may have been told before, with the same id"),
    Field("rule", _STRING_OR_NULL, "The first rule that matched, as its author wrote it"),
    Field("rules", _HITS, "Every rule that matched, with each name and why"),
    Field("log", _STRING, "The log's description in the log list"),
    Field("log_id", _STRING, "The log's id: SHA-256 of its key, base64"),
    Field("operator", _STRING, "Who runs the log"),
    Field("index", _COUNT, "Index of the entry in its log; equal to `cert_index`"),
    Field(
        "entry_timestamp", _STRING_OR_NULL, "When the log says it took the entry, RFC 3339; null for an impossible time"
    ),
    Field("verified", _BOOLEAN, "Whether the entry was already proven to be in a signed head"),
    Field("sightings", {"type": "integer", "minimum": 1}, "In how many log entries the certificate was seen so far"),
    Field("serial", {"type": "string", "pattern": "^[0-9A-F]*$"}, "Serial number, upper-case hex"),
    Field("issuer_dn", _STRING, "Distinguished name of the issuer (RFC 4514)"),
    Field("issuer_organization", _STRING, "Organisation of the issuer; may be empty"),
    Field("subject_organization", _STRING, "Organisation of the subject; may be empty"),
    Field("sha256", _SHA256, "SHA-256 of the certificate, or of the precertificate as submitted"),
    Field("spki_sha256", _SHA256, "SHA-256 of the subject's public key"),
    Field("tbs_sha256", _SHA256, "SHA-256 of the TBS without poison and SCTs: same for precertificate and certificate"),
    Field(
        "kind",
        {"type": "string", "enum": [kind.value for kind in MatchKind]},
        "`alert`; `possible` where only a label that nobody can read may stand for a watched name; `expected` where it "
        "is one's own",
    ),
    Field(
        "expected",
        _one_of("certificate", "key", "issuer"),
        "What makes it one's own: that `certificate`, its `key` or its `issuer`",
    ),
    Field(
        "renewal",
        _one_of("key", "names and issuer"),
        "What it shares with a certificate that was matched or expected before: its `key`, or `names and issuer`",
    ),
    Field("fault", _STRING_OR_NULL, "Why the entry could not be decoded: names are then what could be found in it"),
    Field(
        "unproven",
        _STRING_OR_NULL,
        "Why `sha256` of a precertificate, which the log's tree does not cover, can't be believed; all else holds",
    ),
    Field("modules", {"type": ["object", "null"]}, "What modules noted of it before it was told, by module"),
)


def schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of a match: one line of `--format jsonl`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certhia match",
        "description": "One certificate that concerns a watch rule",
        "type": "object",
        "properties": {field.name: {**field.type, "description": field.meaning} for field in FIELDS},
        "required": [field.name for field in FIELDS],
        "additionalProperties": False,
    }


def reference() -> str:
    """The fields as a Markdown table, for the docs."""
    rows = [f"| `{field.name}` | {_type(field.type)} | {field.meaning} |" for field in FIELDS]
    return "\n".join(["| field | type | meaning |", "|---|---|---|", *rows]) + "\n"


def _type(of: Mapping[str, object]) -> str:
    kind = of["type"]
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
