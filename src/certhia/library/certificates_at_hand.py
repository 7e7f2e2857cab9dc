"""Certificates at hand as pages, to try things on: files of PEM, DER or entries, or some that are made up."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import zstandard

from certhia._core import Issuers, Page
from certhia.errors import ConfigError, Malformed
from certhia.render import terminal

LARGEST: Final = 1 << 30  # bytes of a file, unpacked
PAGE: Final = 256  # entries
MADE: Final = 100  # certificates
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"


def pages_of(path: Path, issuers: Issuers) -> Iterator[Page]:
    """The certificates of a file: PEM, DER, a get-entries answer, or entries as JSON, one a line (`leaf_input`,
    `extra_data`); with `.zst` at the end of its name unpacked. Raises ConfigError."""
    raw = _read(path)
    start = raw.lstrip()[:1]
    if _BEGIN.encode() in raw:
        blocks = raw.decode("ascii", "replace").split(_BEGIN)[1:]
        entries = [_entry(base64.b64decode("".join(one.partition(_END)[0].split()))) for one in blocks]
    elif start == b"{":
        entries = _entries(raw, path)
    elif start == b"0":  # a SEQUENCE
        entries = [_entry(raw)]
    else:
        raise ConfigError(f"{terminal(str(path))}: is neither PEM nor DER nor JSON of entries")
    yield from paged(entries, issuers, path)


def paged(entries: Sequence[dict[str, str]], issuers: Issuers, path: Path | None = None) -> Iterator[Page]:
    """Entries (RFC 6962 section 4.6) as pages."""
    for at in range(0, len(entries), PAGE):
        body = json.dumps({"entries": entries[at : at + PAGE]}).encode()
        try:
            yield Page.from_get_entries([body], at, issuers)
        except Malformed as error:
            raise ConfigError(f"{terminal(str(path))}: {error}") from error


def made_up(count: int = MADE) -> list[dict[str, str]]:
    """Certificates that nobody issued, for host0.example.com and so on, as entries: lifetimes from a day to a year."""
    from cryptography import x509  # noqa: PLC0415  (loaded by whoever makes any)
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Made up by Certhia")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made: list[dict[str, str]] = []
    for number in range(count):
        name = f"host{number}.example.com"
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(number + 1)
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=(1, 6, 47, 90, 200, 365)[number % 6]))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        made.append(_entry(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)))
    return made


def _entry(der: bytes) -> dict[str, str]:
    """A certificate as an entry of a log (RFC 6962 section 3.4), without a chain."""
    leaf = bytes(2 + 8 + 2) + len(der).to_bytes(3) + der + bytes(2)
    return {"leaf_input": base64.b64encode(leaf).decode(), "extra_data": "AAAA"}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if path.suffix == ".zst":
                with zstandard.ZstdDecompressor().stream_reader(file) as plain:
                    raw = plain.read(LARGEST + 1)
            else:
                raw = file.read(LARGEST + 1)
    except (OSError, zstandard.ZstdError) as error:
        raise ConfigError(f"{terminal(str(path))}: cannot be read: {error}; name a file of certificates") from error
    if len(raw) > LARGEST:
        raise ConfigError(f"{terminal(str(path))}: is larger than 1 GiB; name a smaller file")
    return raw


def _entries(raw: bytes, path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    try:
        whole = json.loads(raw) if raw.count(b"\n", 0, len(raw.rstrip())) == 0 else None
        several: Any = whole["entries"] if isinstance(whole, dict) and "entries" in whole else None
        lines = several if several is not None else map(json.loads, io.BytesIO(raw))
        found.extend({name: str(one[name]) for name in ("leaf_input", "extra_data")} for one in lines)
    except (ValueError, KeyError, TypeError) as error:
        where = f"{terminal(str(path))}: entry {len(found) + 1}"
        raise ConfigError(f"{where}: is no JSON with leaf_input and extra_data: {error}") from error
    return found
