"""All TLS streams of the corpus, each taken for what a server says: every one gets a class, in any pieces the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.core.archives import members

from certhia._core import Flight, Jarm, alert_name, cipher_name, group_name, version_name

FOLDERS = (
    "fuzz/boringssl/client_corpus/",
    "fuzz/boringssl/client_no_fuzzer_mode_corpus/",
    "fuzz/boringssl/server_corpus/",
    "fuzz/botan/tls_",
    "fuzz/gnutls/client_fuzzer/",
    "fuzz/gnutls/server_fuzzer/",
    "fuzz/openssl/client/",
    "fuzz/openssl/server/",
)
PIECES = (7, 1460)
SHORT = 2000  # streams that come byte by byte as well
KINDS = {"not-tls", "alert", "malformed", "too-large"}


@pytest.fixture(scope="module")
def streams(corpus: Path) -> list[bytes]:
    """As they stand; and where a fuzzer's own settings come first, from the first record as well."""
    found = []
    for name, content in members(corpus / "hostile.tar.zst"):
        if name.startswith(FOLDERS):
            found.append(content)
            first = content.find(b"\x16\x03")
            found.extend([content[first:]] if first > 0 else [])
    return found


def read(data: bytes, size: int) -> Flight:
    flight = Flight()
    for at in range(0, len(data), size):
        flight.feed(data[at : at + size])
    return flight


def told(flight: Flight) -> tuple[object, ...]:
    """Everything that is read of a flight."""
    facts = (flight.state, flight.fault, flight.alert, flight.version, flight.cipher, flight.group, flight.alpn)
    lists = (flight.certificates, flight.scts, flight.staple, flight.extensions, flight.session_id, flight.random)
    rest = (flight.prime_bits, flight.signature_scheme, flight.client_certificate, flight.retry, flight.ja3s_hash)
    return (*facts, *lists, *rest)


def test_each_stream_gets_a_class(streams: list[bytes]) -> None:
    classes: Counter[str] = Counter()
    for stream in streams:
        flight = read(stream, len(stream) or 1)
        kind, detail = flight.fault or ("", "")
        assert (flight.state == "failed") == (kind in KINDS)
        assert detail.isprintable()
        assert bool(detail) == bool(kind)
        assert len(flight.certificates) <= 16
        classes[kind or flight.state] += 1
        for size in (*PIECES, *((1,) if len(stream) <= SHORT else ())):
            assert told(read(stream, size)) == told(flight)
    assert classes.keys() == KINDS | {"done", "more"}
    assert sum(classes.values()) == len(streams) > 5000


def test_names_and_fingerprints_of_all(streams: list[bytes]) -> None:
    for stream in streams:
        flight = read(stream, len(stream) or 1)
        names = [cipher_name(flight.cipher or 0), version_name(flight.version or 0), group_name(flight.group or 0)]
        assert all(name.isprintable() for name in [*names, alert_name((flight.alert or (0, 0))[1])])
        answer = Jarm.answer(stream)
        assert len(Jarm.fingerprint([answer] * 10)) == 62
