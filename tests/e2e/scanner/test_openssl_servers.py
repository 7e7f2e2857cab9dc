"""`certhia scan` against `openssl s_server` with keys of each kind, each version alone, and who wants a certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import jsonschema
import pytest
from tests.e2e.conftest import Certhia
from tests.realservers import launching
from tests.realservers.launching import ISSUING, LOOPBACK, Kind, Place, Running, Set, UnavailableError

from certhia.scanner.report.schema import schema

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

VERSIONS = {"TLS 1.2": "-tls1_2", "TLS 1.3": "-tls1_3"}
KEYS = {"EC": False, "RSA": True}
WANTS = {"none": (), "wants one": ("-verify", "1"), "insists on one": ("-Verify", "1")}
EVERY = [*product(VERSIONS, KEYS, WANTS)]


def _server(options: tuple[str, ...], place: Place) -> Set:
    """Offers HTTP by ALPN; `-www` keeps it from reading standard input."""
    (place.folder / "chain.pem").write_text(ISSUING.pem)
    files = ["-cert", str(place.certificate), "-cert_chain", "chain.pem", "-key", str(place.key)]
    said = ["-www", "-quiet", "-alpn", "http/1.1", *options]
    return Set(
        [launching.program("openssl"), "s_server", "-accept", f"{LOOPBACK}:{place.port}", *files, *said], [place.port]
    )


@pytest.fixture(scope="module")
def every() -> Iterator[dict[tuple[str, str, str], Running]]:
    """All of them at once."""
    running: dict[tuple[str, str, str], Running] = {}
    try:
        for version, key, wants in EVERY:
            kind = Kind("openssl", "nobody", partial(_server, (VERSIONS[version], *WANTS[wants])), rsa=KEYS[key])
            try:
                running[version, key, wants] = launching.start(kind)
            except UnavailableError as reason:
                pytest.skip(str(reason))
        yield running
    finally:
        for one in running.values():
            one.stop()


@pytest.mark.parametrize("full", [False, True], ids=["glance", "whole"])
def test_each_version_key_and_wish(certhia: Certhia, every: dict[tuple[str, str, str], Running], full: bool) -> None:
    targets = [f"{LOOPBACK}:{server.place.port}" for server in every.values()]
    more = ("--full",) if full else ()
    program = certhia.done("scan", *targets, "--allow-private", "--state", str(certhia.state), *more)
    found: dict[Any, Any] = {one["port"]: one for one in program.records}
    assert len(found) == len(every)
    for (version, key, wants), server in every.items():
        result = found[server.place.port]
        jsonschema.validate(result, schema())
        told = (version, key, wants, result["error"])
        assert result["version"] == version, told
        assert result["certificate"]["sha256"] == hashlib.sha256(server.made.der).hexdigest(), told
        assert result["certificate"]["names"] == [server.name, f"www.{server.name}", LOOPBACK], told
        assert len(result["chain"]) == 1, told
        assert result["alpn"] == "http/1.1", told
        assert ("RSA" if key == "RSA" else "ECDSA") in result["cipher"] or version == "TLS 1.3", told
        assert result["client_certificate"] is (wants != "none"), told
        if version == "TLS 1.2":
            assert result["complete"] is (full and wants != "insists on one"), told
