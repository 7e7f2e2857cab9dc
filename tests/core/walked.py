"""Fields of a certificate that are bytes as they stand, by a strict walk over its DER."""

from __future__ import annotations

import hashlib

from certhia.testing import der

POISON, SCT_LIST = der.oid(der.POISON), der.oid(der.SCT_LIST)


def _elements(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """(tag, contents, the whole element) of each element in `data`."""
    return [(tag, data[body:end], data[start:end]) for tag, start, body, end in der.elements(data)]


def _dotted(contents: bytes) -> str:
    """An OBJECT IDENTIFIER's contents (X.690 section 8.19)."""
    arcs, arc = list[int](), 0
    for byte in contents:
        arc = arc << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _extensions(block: bytes) -> list[tuple[str, bool, bytes]]:
    """(identifier, critical, contents of the OCTET STRING) of each extension."""
    ((_, listed, _),) = _elements(block)
    found = []
    for _, contents, _ in _elements(listed):
        (_, kind, _), *critical, (_, value, _) = _elements(contents)
        found.append((_dotted(kind), any(flag != b"\0" for _, flag, _ in critical), value))
    return found


def _without_transparency(block: bytes) -> bytes:
    """The [3] of a TBS without poison and SCT list; nothing where nothing is left."""
    ((_, listed, _),) = _elements(block)
    kept = [whole for _, contents, whole in _elements(listed) if not contents.startswith((POISON, SCT_LIST))]
    return der.tlv(0xA3, der.sequence(*kept)) if kept else b""


def walk(certificate: bytes) -> dict[str, object]:
    """Fields of strict DER by the core's names. Raises ValueError or IndexError for what is none."""
    (_, contents, _), *_ = _elements(certificate)
    tbs, _, (_, signature, _) = _elements(contents)
    fields = _elements(tbs[1])
    versioned = fields[0][0] == 0xA0
    _, (_, algorithm, _), issuer, _, subject, key, *rest = fields[versioned:]
    blocks = [block for tag, block, _ in rest if tag == 0xA3]
    stripped = [_without_transparency(body) if tag == 0xA3 else whole for tag, body, whole in fields]
    return {
        "signature_algorithm": _dotted(_elements(algorithm)[0][1]),
        "is_self_issued": issuer == subject,
        "spki": key[2],
        "spki_sha256": hashlib.sha256(key[2]).digest(),
        "signature": signature[1:],
        "extensions": [extension for block in blocks for extension in _extensions(block)],
        "tbs_sha256": hashlib.sha256(der.sequence(*stripped)).digest(),
        "sha256": hashlib.sha256(certificate).digest(),
        "sha1": hashlib.sha1(certificate, usedforsecurity=False).digest(),
    }
