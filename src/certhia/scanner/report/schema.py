"""What the keys of a result are: names, types and meaning, in one table, and the JSON Schema made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from certhia.scanner.failures import KINDS, STEPS

Shape: TypeAlias = Mapping[str, object]

_STRING: Final[Shape] = {"type": "string"}
_STRING_OR_NULL: Final[Shape] = {"type": ["string", "null"]}
_STRINGS: Final[Shape] = {"type": "array", "items": _STRING}
_COUNT: Final[Shape] = {"type": "integer", "minimum": 0}
_SECONDS: Final[Shape] = {"type": "integer"}
_BOOLEAN: Final[Shape] = {"type": "boolean"}
_BOOLEAN_OR_NULL: Final[Shape] = {"type": ["boolean", "null"]}
_SHA256: Final[Shape] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_LISTS: Final[Shape] = {"type": "object", "additionalProperties": _STRINGS}


class Key(NamedTuple):
    """One key of a record: its JSON Schema type and what it means."""

    name: str
    type: Shape
    meaning: str


def _record(*keys: Key) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {key.name: {**key.type, "description": key.meaning} for key in keys},
        "required": [key.name for key in keys],
        "additionalProperties": False,
    }


def _or_null(shape: Mapping[str, object]) -> Shape:
    return {**shape, "type": ["object", "null"]}


def _list(*keys: Key) -> Shape:
    return {"type": "array", "items": _record(*keys)}


ERROR: Final = (
    Key("kind", {**_STRING, "enum": [*KINDS]}, "Its class: " + ", ".join(KINDS)),
    Key("step", {**_STRING_OR_NULL, "enum": [*STEPS, None]}, "Where it happened; null before anything was sent"),
    Key("detail", _STRING_OR_NULL, "An alert's name, or what the server said"),
)
NAME: Final = (
    Key("name", _STRING, "A-labels, lower case; may begin with `*.`"),
    Key(
        "source",
        {**_STRING, "enum": ["sni", "san", "cn", "csp", "script", "ptr", "redirect"]},
        "Where it was found",
    ),
    Key("confidence", {"type": "number", "minimum": 0, "maximum": 1}, "How sure it is that this is a name in use"),
)
SCT: Final = (
    Key("log_id", {"type": "string", "pattern": "^[0-9a-f]*$"}, "SHA-256 of the log's key, hex"),
    Key("timestamp", _COUNT, "When the log promised, Unix milliseconds"),
)
CERTIFICATE: Final = (
    Key("sha256", _SHA256, "SHA-256 of the certificate, hex"),
    Key("sha1", {"type": "string", "pattern": "^[0-9a-f]{40}$"}, "SHA-1 of it, hex"),
    Key("spki_sha256", {**_SHA256, "type": ["string", "null"]}, "SHA-256 of its public key (SubjectPublicKeyInfo)"),
    Key("serial", {"type": "string", "pattern": "^[0-9A-F]*$"}, "Serial number, upper-case hex"),
    Key("subject_dn", _STRING, "Distinguished name of the subject (RFC 4514)"),
    Key("subject", _LISTS, "Its parts: values by attribute (`CN`, `O`, `OU`, `C`, else the dotted OID)"),
    Key("issuer_dn", _STRING, "Distinguished name of the issuer (RFC 4514)"),
    Key("issuer", _LISTS, "Its parts, likewise"),
    Key("not_before", _SECONDS, "Begin of validity, Unix seconds"),
    Key("not_after", _SECONDS, "End of validity, Unix seconds"),
    Key("names", _STRINGS, "DNS names and addresses: alternative names, then the common name where it is another"),
    Key(
        "sans",
        _LISTS,
        "Alternative names by kind: `dns`, `ip`, `email`, `uri`, `dirname`, `rid`, `othername`, `x400`, `ediparty`",
    ),
    Key("key_algorithm", _STRING, "`rsa`, `ec`, `ed25519`, else the dotted OID"),
    Key("key_bits", _COUNT, "Bits of the modulus or of the curve's field; 0 where that is not known"),
    Key("key_curve", _STRING_OR_NULL, "Of `ec` keys, such as `P-256`"),
    Key("signature_algorithm", _STRING, "Such as `sha256WithRSAEncryption`"),
    Key("is_ca", _BOOLEAN, "Whether it may issue others"),
    Key("self_issued", _BOOLEAN, "Whether subject and issuer are the same"),
    Key("scts", _list(*SCT), "Signed certificate timestamps that are in it"),
    Key("fault", _STRING_OR_NULL, "What in it can't be read; then what could be read stands here"),
)
VERDICT: Final = (
    Key("kind", _STRING, "What it is: `expired`, `mismatched`, `untrusted`, `weak-key`"),
    Key("severity", {**_STRING, "enum": ["info", "low", "medium", "high", "critical"]}, "How bad it is"),
    Key("detail", _STRING_OR_NULL, "Why, for people"),
)
HIT: Final = (
    Key("rule", _STRING, "The rule as its author wrote it"),
    Key("name", _STRING, "The name or address that it matched"),
    Key("where", _STRING, "Where that stood, as in the record of a match"),
    Key("why", _STRING, "How it matched, as in the record of a match"),
    Key("programme", _STRING_OR_NULL, "The programme that the rule belongs to"),
    Key("platform", _STRING_OR_NULL, "That programme's platform"),
    Key("detail", _STRING_OR_NULL, "What explains it besides"),
    Key("score", {"type": ["integer", "null"], "minimum": 1, "maximum": 100}, "How alike a look-alike is"),
)
POLICY: Final = (
    Key("where", {**_STRING, "enum": ["header", "report-only", "meta"]}, "Where it stood"),
    Key("text", _STRING, "The policy as it came, cut where it is very long"),
)
HTTP: Final = (
    Key("status", {"type": ["integer", "null"]}, "Of the last answer; null where it was no HTTP"),
    Key("url", _STRING, "What was asked last, after redirects"),
    Key("headers", {"type": "array", "items": {"type": "array", "items": _STRING}}, "Of the last answer: name, value"),
    Key("policies", _list(*POLICY), "All Content-Security-Policies"),
    Key("scripts", _STRINGS, "URLs of the scripts that were read"),
    Key("location", _STRING_OR_NULL, "Where it wanted to lead, when that was not followed"),
    Key("redirects", _STRINGS, "URLs that were followed, in order"),
    Key("error", _or_null(_record(*ERROR)), "Why it ended early"),
)
TRUST: Final = (
    Key(
        "trusted", _BOOLEAN_OR_NULL, "Whether it ends at a trusted root, all valid; null where no signature was checked"
    ),
    Key("root", _STRING_OR_NULL, "The root's subject"),
    Key("reason", _STRING_OR_NULL, "Why it is not trusted"),
    Key("signatures", _BOOLEAN_OR_NULL, "Whether all its signatures hold; null when they were not checked"),
    Key("path", {"type": "array", "items": _SHA256}, "SHA-256 of its certificates, leaf first"),
    Key(
        "sources",
        {"type": "array", "items": {**_STRING, "enum": ["sent", "seen", "fetched", "roots"]}},
        "Where each is from: the server, another server, AIA, or the roots",
    ),
    Key("sent", _COUNT, "How many certificates the server sent"),
    Key("not_before", {"type": ["integer", "null"]}, "Since when all of it is valid, Unix seconds"),
    Key("not_after", {"type": ["integer", "null"]}, "Until when"),
    Key("disordered", _BOOLEAN, "Whether they were sent in another order"),
    Key("unneeded", {"type": "array", "items": _COUNT}, "Places of certificates that were sent for nothing"),
    Key("missing", _STRINGS, "Subjects of issuers that should have been sent and were not"),
    Key("notes", _STRINGS, "What else was noticed"),
)
TIMESTAMP: Final = (
    Key("source", {**_STRING, "enum": ["certificate", "handshake", "staple"]}, "Where it came"),
    Key("state", {**_STRING, "enum": ["valid", "false", "unknown", "unread"]}, "What came of it"),
    Key("log", _STRING, "The log's description; its id in hex where it is not known"),
    Key("operator", _STRING_OR_NULL, "Who runs the log"),
    Key("timestamp", _COUNT, "When the log promised, Unix milliseconds"),
    Key("detail", _STRING_OR_NULL, "Why it is not valid"),
)
REVOCATION: Final = (
    Key("state", {**_STRING, "enum": ["good", "revoked", "unknown", "unavailable"]}, "What is known"),
    Key("source", {**_STRING_OR_NULL, "enum": ["staple", "ocsp", "crl", None]}, "Who said so"),
    Key("detail", _STRING_OR_NULL, "Why nothing is known, or where the answer is from"),
    Key("reason", _STRING_OR_NULL, "Why it was revoked, as RFC 5280 names it"),
    Key("at", {"type": ["number", "null"]}, "Since when, Unix seconds"),
    Key("produced", {"type": ["number", "null"]}, "From when the answer is, Unix seconds"),
    Key("until", {"type": ["number", "null"]}, "Until when it counts"),
)
SUPPORTED: Final = (
    Key("versions", _STRINGS, "Versions that it speaks, oldest first"),
    Key("ciphers", _LISTS, "Suites by version, in the order in which it chose them"),
    Key("complete", _BOOLEAN, "False where the budget of connections or the deadline ended it"),
)
KEYS: Final = (
    Key("timestamp", {"type": "number"}, "When it was done, Unix seconds with their fraction"),
    Key("target", _STRING, "What the user wrote that led here: an address, a network, a host or a URL"),
    Key("line", {"type": ["integer", "null"]}, "Its line in the file of targets"),
    Key("host", _STRING_OR_NULL, "The host's name in A-labels; null for an address"),
    Key("ip", _STRING, "The address that was asked; empty where the name has none"),
    Key("port", {"type": "integer", "minimum": 1, "maximum": 65535}, "The port"),
    Key("starttls", _STRING_OR_NULL, "The protocol that led to TLS where the user said so"),
    Key("seconds", {"type": "number"}, "How long it took, of the last attempt"),
    Key("attempts", _COUNT, "How often it was tried"),
    Key("error", _or_null(_record(*ERROR)), "Why there is nothing, or not all; null where all went well"),
    Key("version", _STRING_OR_NULL, "`TLS 1.2`; this and what follows is null or empty where there was no handshake"),
    Key("cipher", _STRING_OR_NULL, "The suite, by IANA's name"),
    Key("group", _STRING_OR_NULL, "The group of the key exchange, where the server said it"),
    Key("alpn", _STRING_OR_NULL, "The protocol that the server chose"),
    Key("server_name", _STRING_OR_NULL, "The name that was asked for (SNI)"),
    Key("complete", _BOOLEAN, "Whether the handshake was finished; else it was cut off when all was seen"),
    Key("client_certificate", _BOOLEAN, "Whether the server asked for a client's certificate"),
    Key(
        "signature",
        {**_STRING_OR_NULL, "enum": ["good", "bad", "unchecked", None]},
        "Whether the handshake's own signature holds",
    ),
    Key("stapled", _BOOLEAN, "Whether an OCSP answer came with it"),
    Key("tls_scts", _COUNT, "How many timestamps of logs came in the handshake"),
    Key("note", _STRING_OR_NULL, "What had to be done to get it"),
    Key("certificate", _or_null(_record(*CERTIFICATE)), "The server's own"),
    Key("chain", _list(*CERTIFICATE), "The others that it sent, in its order"),
    Key("names", _list(*NAME), "Names that it led to, each with where it was found"),
    Key("domains", _STRINGS, "The registrable domains of these names"),
    Key("verdicts", _list(*VERDICT), "What holds against it"),
    Key("trust", _or_null(_record(*TRUST)), "How the leaf leads to a root; null when nobody looked"),
    Key("timestamps", _list(*TIMESTAMP), "What came of its signed certificate timestamps, of `--verify`"),
    Key("revocation", _or_null(_record(*REVOCATION)), "What is known of it, of `--revocation`"),
    Key("http", _or_null(_record(*HTTP)), "What came of `--http`"),
    Key("jarm", {**_STRING_OR_NULL, "pattern": "^[0-9a-f]{62}$"}, "JARM, of `--fingerprints`"),
    Key("ja3s", {**_STRING_OR_NULL, "pattern": "^[0-9a-f]{32}$"}, "JA3S, of `--fingerprints`"),
    Key("supported", _or_null(_record(*SUPPORTED)), "What it would speak, of `--enumerate`"),
    Key("rules", _list(*HIT), "Watch rules that it matches"),
)


def schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of a result: one line of `certhia scan`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certhia scan result",
        "description": "What one address and port showed",
        **_record(*KEYS),
    }


def reference() -> str:
    """The keys as Markdown tables, for the docs."""
    inner = (
        ("error", ERROR),
        ("certificate", CERTIFICATE),
        ("names[]", NAME),
        ("verdicts[]", VERDICT),
        ("trust", TRUST),
        ("timestamps[]", TIMESTAMP),
        ("revocation", REVOCATION),
        ("http", HTTP),
        ("supported", SUPPORTED),
        ("rules[]", HIT),
    )
    parts = [_table(KEYS)]
    for name, keys in inner:
        parts += [f"### `{name}`", _table(keys)]
    return "\n\n".join(parts) + "\n"


def _table(keys: tuple[Key, ...]) -> str:
    rows = [f"| `{key.name}` | {_type(key.type)} | {key.meaning} |" for key in keys]
    return "\n".join(["| key | type | |", "|---|---|---|", *rows])


def _type(of: Shape) -> str:
    kind = of["type"]
    return " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
