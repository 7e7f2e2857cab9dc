"""JSON Schemas of the stream's messages, as the default profile has them.

Keys may be added between two major versions of Certhia, so the schemas allow others; none vanishes, and none changes
its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from certhia.stream import notices, places

Json = dict[str, object]

KINDS: Final = ("lite", "full", "domains", "gap", "error")

_COLONS: Final = "^([0-9A-F]{2}:)*[0-9A-F]{2}$"


def schema(kind: str) -> Json:
    """JSON Schema (draft 2020-12) of messages: of a stream ("lite", "full", "domains"), "gap" or "error" of any."""
    title, meaning, properties = _MESSAGES[kind]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": meaning,
        **_object(properties, optional=("truncated",)),
    }


def _object(properties: Mapping[str, Json], *, optional: Iterable[str] = (), meaning: str = "") -> Json:
    required = [name for name in properties if name not in {*optional}]
    described = {"description": meaning} if meaning else {}
    return {**described, "type": "object", "properties": {**properties}, "required": required}


def _text(meaning: str, **more: object) -> Json:
    return {"type": "string", "description": meaning, **more}


def _cursor(meaning: str) -> Json:
    return _text(meaning, pattern="^[0-9a-f]{16}:[0-9]+$")


def _number(meaning: str, kind: str = "number", **more: object) -> Json:
    return {"type": kind, "description": meaning, **more}


def _flag(meaning: str) -> Json:
    return {"type": "boolean", "description": meaning}


def _list(meaning: str, items: Json) -> Json:
    return {"type": "array", "description": meaning, "items": items}


def _or_null(of: Json) -> Json:
    return {**of, "type": [of["type"], "null"]}


def _name(whose: str) -> Json:
    attributes = {
        "C": "Country",
        "CN": "Common name",
        "L": "Locality",
        "O": "Organisation",
        "OU": "Organisational unit",
        "ST": "State or province",
        "aggregated": "Those that are there in one line: /C=…/CN=…/L=…/O=…/OU=…/ST=…",
        "email_address": "E-mail address",
    }
    given = {name: _or_null(_text(meaning)) for name, meaning in attributes.items()}
    return _object(given, meaning=f"{whose}; null for what it does not have")


_EXTENSIONS: Final[dict[str, Json]] = {
    "authorityInfoAccess": _text("URI:…, URI:…, in the certificate's order"),
    "authorityKeyIdentifier": _text("keyid: and lower-case hex with colons"),
    "basicConstraints": _text("CA:TRUE or CA:FALSE", enum=["CA:TRUE", "CA:FALSE"]),
    "certificatePolicies": _text("Policy: and an object identifier, one a line"),
    "ctlPoisonByte": {"type": "boolean", "const": True, "description": "That it is a precertificate"},
    "extendedKeyUsage": _text("serverAuth, clientAuth, …"),
    "keyUsage": _text("Digital Signature, Key Encipherment, …"),
    "subjectAltName": _text("DNS:…, IP Address:…, email:…, in the certificate's order"),
    "subjectKeyIdentifier": _text("keyid: and lower-case hex with colons"),
}


def _certificate(*, der: bool, leaf: bool) -> Json:
    """What a leaf and a certificate of a chain have both, and what one of them has."""
    properties: dict[str, Json] = {
        "subject": _name("The subject"),
        "issuer": _name("The issuer"),
        "serial_number": _or_null(_text("Upper-case hex, an even number of digits", pattern="^[0-9A-F]*$")),
        "not_before": _or_null(_number("Begin of validity, Unix seconds", "integer")),
        "not_after": _or_null(_number("End of validity, Unix seconds", "integer")),
        "fingerprint": _or_null(_text("SHA-1 of the certificate; equal to sha1", pattern=_COLONS)),
        "sha1": _or_null(_text("SHA-1 of the certificate, or of the precertificate as submitted", pattern=_COLONS)),
        "sha256": _or_null(_text("SHA-256 of the same", pattern=_COLONS)),
        "signature_algorithm": _or_null(_text("sha256, rsa or ecdsa, sha256 and the like")),
        "is_ca": _or_null(_flag("Whether it is a certificate authority's")),
        "all_domains": _list("DNS names as they stand in it, each once; then common names that are names", _NAME),
    }
    if leaf:
        properties["registrable_domains"] = _list("What of them could be registered, by the Public Suffix List", _NAME)
    if der:
        properties["as_der"] = _or_null(_text("The certificate, base64; null where it is not known or too long"))
    properties["extensions"] = _object(_EXTENSIONS, optional=_EXTENSIONS, meaning="As words; absent where it has none")
    if leaf:
        return _object(properties)
    properties["fault"] = _text("Why it could not be read, or that it is not known")
    return _object(properties, optional=("fault",))


_NAME: Final[Json] = {"type": "string"}

_SOURCE: Final[dict[str, Json]] = {
    "name": _text("The log's description in the log list"),
    "url": _text("The log's URL, with a slash at its end"),
    "type": _text("Its protocol", enum=["rfc6962", "tiled"]),
    "operator": _text("Who runs it; may be empty"),
    "timestamp": _number("Equal to submission_timestamp"),
}


def _update(*, full: bool) -> Json:
    properties: dict[str, Json] = {
        "update_type": _text("What was logged", enum=["X509LogEntry", "PrecertLogEntry"]),
        "leaf_cert": _certificate(der=full, leaf=True),
        "cert_index": _number("Index of the entry in its log", "integer", minimum=0),
        "cert_link": _text("Where the log has the entry"),
        "seen": _number("When the entry was downloaded, Unix seconds"),
        "submission_timestamp": _number("When the log says it took the entry, Unix seconds"),
        "source": _object(_SOURCE, meaning="The log"),
        "fault": _text("What could not be read of the entry: null stands for it elsewhere"),
        "truncated": _number("How many names, values and certificates are left out or cut short", "integer", minimum=1),
    }
    if full:
        chain = _certificate(der=True, leaf=False)
        properties["chain"] = _list("The certificates that were submitted with it, its issuer first", chain)
    return _object(properties, optional=("fault", "truncated"))


def _envelope(message_type: str, data: Json) -> dict[str, Json]:
    return {
        "message_type": {"type": "string", "const": message_type},
        "cursor": _cursor("Where the message stands: log and index, the same for the same entry always"),
        "verified": _flag("Whether the entry was already proven to be in a signed head when this was sent"),
        "data": data,
    }


_DOMAINS: Final = {
    **_envelope("dns_entries", _list("DNS names of one certificate", _NAME)),
    "truncated": _number("How many names are left out or cut short", "integer", minimum=1),
}
_GAP: Final[dict[str, Json]] = {
    "message_type": {"type": "string", "const": "gap"},
    "data": _object(
        {
            "missed": _or_null(_number("How many messages are missing; null where nobody knows", "integer")),
            "from": _or_null(_cursor("Of the first of them, in the order of the stream; null where nobody knows")),
            "to": _or_null(_cursor("Of the last of them, maybe of another log; null where nobody knows")),
            "reason": _text(
                f"{notices.SLOW}: the client did not keep up; {notices.UNPROVEN}: more waited for its proof than is "
                f"kept; {notices.TOO_OLD}: it is no longer there; {places.NOT_RECORDED}: it never was; "
                f"{notices.FROZEN}: the log contradicted itself, nothing of it is proven; "
                f"{notices.FAULT}: something broke in the server; {notices.UPSTREAM}: the server that this one relays "
                "missed it. There may be more"
            ),
        }
    ),
}
_ERROR: Final[dict[str, Json]] = {
    "message_type": {"type": "string", "const": "error"},
    "data": _object({"message": _text("What was wrong with what the client asked for, and what to do")}),
}
_MESSAGES: Final[dict[str, tuple[str, str, Mapping[str, Json]]]] = {
    "lite": ("Certhia lite", "A certificate that a log showed", _envelope("certificate_update", _update(full=False))),
    "full": (
        "Certhia full",
        "A certificate that a log showed, with its bytes and its chain",
        _envelope("certificate_update", _update(full=True)),
    ),
    "domains": ("Certhia domains", "The names of a certificate that a log showed", _DOMAINS),
    "gap": ("Certhia gap", "That messages are missing here", _GAP),
    "error": ("Certhia error", "Why the server closes the connection now, with 1008", _ERROR),
}
