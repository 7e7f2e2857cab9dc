"""`certhia scan --fingerprints` of a real web server, beside other people's tools."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import pytest
from tests.core.fingerprinting import independent
from tests.e2e.conftest import Certhia
from tests.e2e.scanner.overhearing import LOOPBACK, overheard
from tests.e2e.scanner.setups import KINDS
from tests.realservers import launching

# The first of them may wait for the installation of the other tools.
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    try:
        nginx = launching.start(next(kind for kind in KINDS if kind.name == "nginx"))
    except launching.UnavailableError as reason:
        pytest.skip(f"nginx: {reason}")
    yield nginx.place.tls_port
    nginx.stop()


@pytest.mark.parametrize("full", [(), ("--full",)], ids=["glance", "full"])
def test_they_are_those_of_other_tools(certhia: Certhia, port: int, full: Sequence[str]) -> None:
    """JARM by asking the same server, JA3S of the bytes that it sent us."""
    with overheard(port) as (by, sent):
        asked = ("--fingerprints", "--timeout", "20s", "--allow-private", "--state", str(certhia.state))
        (result,) = certhia.done("scan", f"{LOOPBACK}:{by}", *asked, *full).records
    assert result["jarm"] == independent.jarm(port)
    assert result["ja3s"] == hashlib.md5(independent.ja3s(bytes(sent[0])).encode()).hexdigest()
    assert len(sent) == 11  # the ten of JARM, and one before
