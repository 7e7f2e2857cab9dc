"""Certificates in what people keep them in: DER, PEM (several, among other things), and base64 without a frame."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from certhia import render
from certhia._core import Certificate
from certhia.errors import ConfigError, Malformed
from certhia.rules.lines import opened

MAX_FILE: Final = 16 << 20  # bytes
MAX_CERTIFICATES: Final = 10_000

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----")
_LABELS = frozenset((b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"))
_SEQUENCE = 0x30  # how DER of a certificate begins


def read_certificates(path: Path) -> list[Certificate]:
    """All certificates of a file. Raises ConfigError, with the file's name, where there are none."""
    try:
        with opened(path) as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    return certificates(raw, str(path))


def certificates(raw: bytes, place: str) -> list[Certificate]:
    """All certificates in bytes that came from `place`. Raises ConfigError where there are none, or a damaged one."""
    if len(raw) > MAX_FILE:
        raise ConfigError(f"{place}: is larger than {MAX_FILE >> 20} MiB; no certificate is")
    found: list[Certificate] = []
    for der in _ders(raw, place):
        if len(found) == MAX_CERTIFICATES:
            raise ConfigError(f"{place}: holds more than {MAX_CERTIFICATES} certificates; split it")
        try:
            found.append(Certificate.from_der(der))
        except Malformed as error:
            which = f"certificate {len(found) + 1}" if found else "its first certificate"
            raise ConfigError(f"{place}: {which} cannot be read: {render.terminal(str(error))}") from error
    return found


def _ders(raw: bytes, place: str) -> Iterator[bytes]:
    if b"-----BEGIN " in raw:
        yield from _pem(raw, place)
        return
    if raw[:1] == bytes((_SEQUENCE,)):
        yield raw
        return
    bare = b"".join(raw.split())
    try:
        der = base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError):
        der = b""
    if der[:1] != bytes((_SEQUENCE,)):
        raise ConfigError(f"{place}: holds no certificate: neither DER nor PEM nor base64 of one")
    yield der


def _pem(raw: bytes, place: str) -> Iterator[bytes]:
    """The certificates among PEM blocks (RFC 7468); keys and the like are passed over."""
    others: list[str] = []
    count = 0
    for label, body in _BLOCK.findall(raw):
        if label not in _LABELS:
            others.append(label.decode())
            continue
        count += 1
        try:
            yield base64.b64decode(b"".join(body.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigError(f"{place}: certificate {count} is no base64 ({error})") from error
    if not count:
        what = f"holds {', '.join(sorted(set(others)))}, but no certificate" if others else "holds no whole PEM block"
        raise ConfigError(f"{place}: {what}")
