"""Certificates at hand as pages, to try things on: files of PEM, DER or entries, or some that are made up."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import zstandard

from certhia._core import Issuers, Matcher, Page
from certhia.errors import ConfigError, Malformed
from certhia.render import terminal

LARGEST: Final = 1 << 30  # bytes of a file, unpacked
PAGE: Final = 256  # entries
MADE: Final = 100  # certificates
FIELDS: Final = ("leaf_input", "extra_data")
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"

Wrong = Callable[[str], None]
"""Is told what could not be read, and why."""


def pages_in(paths: Sequence[Path], issuers: Issuers, wrong: Wrong) -> Iterator[Page]:
    """The certificates of these files, and of all files in these directories; `wrong` is told what can't be read, and
    the others come all the same."""
    for path in paths:
        for file in _files(path):
            try:
                yield from pages_of(file, issuers, wrong)
            except ConfigError as error:
                wrong(str(error))


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.is_file())
    else:
        yield path


def pages_of(path: Path, issuers: Issuers, wrong: Wrong) -> Iterator[Page]:
    """The certificates of a file: PEM, DER, get-entries answers, or entries as JSON, one a line (`leaf_input`,
    `extra_data`); with `.zst` at the end of its name unpacked. `wrong` is told of each that can't be read, by its
    number in the file. Raises ConfigError for a file that is none of these."""
    raw, shown = _read(path), terminal(str(path))

    def unread(number: int, why: str) -> None:
        wrong(f"{shown}: {number}: {why}")

    start = raw.lstrip()[:1]
    if _BEGIN.encode() in raw:
        entries = _of_pem(raw, unread)
    elif start in (b"{", b"["):
        entries = _of_json(raw, unread)
    elif start == b"0":  # a SEQUENCE
        entries = iter([(1, _entry(raw))])
    else:
        raise ConfigError(f"{shown}: is neither PEM nor DER nor JSON of entries")
    yield from _pages(entries, issuers, unread)


def paged(entries: Sequence[dict[str, str]], issuers: Issuers) -> Iterator[Page]:
    """Entries (RFC 6962 section 4.6) as pages. Raises Malformed."""
    for at in range(0, len(entries), PAGE):
        yield _page(entries[at : at + PAGE], at, issuers)


def _page(entries: Sequence[dict[str, str]], first: int, issuers: Issuers) -> Page:
    return Page.from_get_entries([json.dumps({"entries": [*entries]}).encode()], first, issuers)


Unread = Callable[[int, str], None]
Numbered = Iterator[tuple[int, dict[str, str]]]  # from 1, as they stand in the file


def _pages(entries: Numbered, issuers: Issuers, unread: Unread) -> Iterator[Page]:
    """Those that can be read; of those that can be a page's and are no certificates, it is told."""
    first, nothing = 0, Matcher(())
    while held := [*islice(entries, PAGE)]:
        page = _whole([entry for _, entry in held], first, issuers)
        if page is None:
            held = [(number, one) for number, one in held if _is_sound(number, one, issuers, unread)]
            page = _page([entry for _, entry in held], first, issuers)
        for position, why in nothing.scan(page).quarantined:
            unread(held[position][0], why)
        first += len(page)
        if len(page):
            yield page


def _whole(entries: Sequence[dict[str, str]], first: int, issuers: Issuers) -> Page | None:
    try:
        return _page(entries, first, issuers)
    except Malformed:
        return None


def _is_sound(number: int, entry: dict[str, str], issuers: Issuers, unread: Unread) -> bool:
    try:
        _page([entry], 0, issuers)
    except Malformed as error:
        unread(number, str(error))
        return False
    return True


def _of_pem(raw: bytes, unread: Unread) -> Numbered:
    for number, block in enumerate(raw.decode("ascii", "replace").split(_BEGIN)[1:], 1):
        try:
            der = base64.b64decode("".join(block.partition(_END)[0].split()), validate=True)
        except ValueError as error:
            unread(number, f"is no base64: {error}")
            continue
        yield number, _entry(der)


def _of_json(raw: bytes, unread: Unread) -> Numbered:
    for number, one in enumerate(_objects(raw), 1):
        try:
            said = json.loads(one) if isinstance(one, bytes) else one
            yield number, {name: str(said[name]) for name in FIELDS}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            unread(number, f"is no JSON with leaf_input and extra_data: {error}")


def _objects(raw: bytes) -> Iterator[Any]:
    """Entries of one answer, or one a line, which are still to be read."""
    try:
        whole = json.loads(raw)
    except (ValueError, RecursionError):
        yield from (line for line in io.BytesIO(raw) if line.strip())
        return
    several = whole.get("entries", whole) if isinstance(whole, dict) else whole
    yield from several if isinstance(several, list) else [several]


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
