"""Every TLS stream that fuzzers of BoringSSL, Botan, GnuTLS and OpenSSL found worth keeping, said to a whole scan."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.core.archives import members
from tests.scanner.starttls.test_binary import mysql_greeting

import certhia
from certhia.scanner.failures import KINDS
from certhia.scanner.report.line import Lines
from certhia.scanner.report.schema import schema
from certhia.testing import cues, flights
from certhia.testing.hostile_tls import Act, Cue, Hear, HostileTls, Say

STREAMS = re.compile(
    r"/(boringssl/(client|server|client_no_fuzzer_mode)_corpus|botan/tls_(client|server|13_handshake_layer)"
    r"|gnutls/(client|server)_fuzzer|openssl/(client|server))/"
)
LEAST = 5000  # there are 5,344
HEADER = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")  # of a record
OPENINGS: dict[str, list[Act]] = {
    "smtp": [Say(b"220 hi\r\n"), Hear(), Say(b"250-hi\r\n250 STARTTLS\r\n"), Hear(), Say(b"220 go on\r\n"), Hear()],
    "imap": [Say(b"* OK hi\r\n"), Hear(), Say(b"c1 OK go on\r\n"), Hear()],
    "postgres": [Hear(), Say(b"S"), Hear()],
    "mysql": [Say(mysql_greeting()), Hear()],
}  # what leads to TLS


@lru_cache(maxsize=1)
def streams(archive: Path) -> list[tuple[str, bytes]]:
    """Name and bytes of each stream."""
    return [(name, data) for name, data in members(archive) if STREAMS.search(name)]


@pytest.fixture
def recorded(corpus: Path) -> list[tuple[str, bytes]]:
    archive = corpus / "hostile.tar.zst"
    if not archive.exists():
        pytest.skip(f"no {archive}")
    found = streams(archive)
    assert len(found) > LEAST
    return found


def as_it_is(data: bytes) -> bytes:
    """What the fuzzer gave its library, its own header and all."""
    return data


def from_the_first_record(data: bytes) -> bytes:
    """Without what stands before it: settings of the fuzzer; all of it as a message's record where there is none."""
    found = HEADER.search(data)
    return data[found.start() :] if found else flights.records(data)


def after_a_hello(data: bytes) -> bytes:
    """Its records after a good ServerHello, so that what comes later in a flight is reached."""
    return flights.records(flights.server_hello()) + from_the_first_record(data)


@contextmanager
def serving(all_of: Sequence[Cue]) -> Iterator[HostileTls]:
    """Each on an address of its own, from 127.16.0.0 on."""
    with HostileTls(cues.silent) as server:
        for number, cue in enumerate(all_of):
            server.at[f"127.16.{number >> 8}.{number & 255}"] = cue
        yield server


async def scanned(server: HostileTls, count: int, **more: Any) -> list[certhia.Result]:
    """The results of a whole scan, one for each stream."""
    last = count - 1
    options = certhia.ScanOptions(ports=str(server.port), allow_private=True, timeout="20s", **more)
    targets = f"127.16.0.0-127.16.{last >> 8}.{last & 255}"
    return [result async for result in certhia.scan(targets, options)]


@pytest.mark.slow
@pytest.mark.parametrize("prepared", [as_it_is, from_the_first_record, after_a_hello])
async def test_every_stream_gives_a_certificate_or_an_error_class(
    recorded: list[tuple[str, bytes]], prepared: Callable[[bytes], bytes]
) -> None:
    said = [cues.replay(prepared(data)) for _, data in recorded]
    with serving(said) as server:
        results = await scanned(server, len(said))
    tell(prepared.__name__, results, recorded)


@pytest.mark.slow
async def test_every_stream_against_a_whole_handshake(recorded: list[tuple[str, bytes]]) -> None:
    said = [cues.replay(from_the_first_record(data)) for _, data in recorded]
    with serving(said) as server:
        results = await scanned(server, len(said), full=True, verify=True)
    tell("whole handshakes", results, recorded)


@pytest.mark.slow
@pytest.mark.parametrize("protocol", OPENINGS)
async def test_streams_in_place_of_what_a_protocol_would_say(recorded: list[tuple[str, bytes]], protocol: str) -> None:
    """Half of them after what leads to TLS, half in its midst."""
    some = recorded[:: len(OPENINGS)]
    opening = OPENINGS[protocol]
    scripts = [
        [*opening, Say(data)] if number % 2 else [*opening[:1], Say(data), Hear()]
        for number, (_, data) in enumerate(some)
    ]
    with serving([partial(iter, script) for script in scripts]) as server:
        results = await scanned(server, len(some), starttls=protocol)
    tell(protocol, results, some)


def tell(what: str, results: Sequence[certhia.Result], said: Sequence[tuple[str, bytes]]) -> None:
    """Counts them by how they ended, after having looked at each."""
    lines, check = Lines(), jsonschema.Draft202012Validator(schema())
    kinds = Counter[str]()
    for number, result in enumerate(results):
        failure = result.failure
        shown = result.served is not None and bool(result.served.certificates)
        assert shown or failure is not None, result.target.address
        if failure is not None:
            assert failure.kind in KINDS
            assert failure.kind not in {"defect", "stopped", "timeout"}, (result.target.address, failure)
        line = lines.line(result)
        if number % 16 == 0:
            check.validate(json.loads(line))
        kinds["certificate" if shown else str(failure and failure.kind)] += 1
    assert len({result.target.address for result in results}) == len(results) == len(said)
    counts = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    sys.stdout.write(f"{what}: {len(results):,} streams: {counts}\n")
