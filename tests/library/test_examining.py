"""From settings to what judges certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from certhia.clock import Clock
from certhia.config.scanning import ScanOptions
from certhia.errors import ConfigError
from certhia.library.examining import examiner_of, guard_of, roots_of
from certhia.scanner.records import Served, Target
from certhia.testing import CA
from certhia.testing.ca import pem

TARGET = Target("x", None, "www.example.com", "192.0.2.7", 443)


def test_roots_of_ones_own(tmp_path: Path) -> None:
    ca = CA("examining")
    (tmp_path / "roots.pem").write_text(pem(ca.root))
    issued = ca.issue(["www.example.com"])
    served = Served(0x0303, 0, None, None, (issued.der, *issued.chain[:-1]), server_name="www.example.com")
    options = ScanOptions(roots=tmp_path / "roots.pem", verify=True)
    said = examiner_of(options, None, Clock()).look(TARGET, served)
    assert said.chain is not None
    assert (said.chain.trusted, said.chain.signatures) == (True, True)
    shipped = examiner_of(ScanOptions(), None, Clock()).look(TARGET, served)
    assert shipped.chain is not None
    assert (shipped.chain.trusted, shipped.chain.signatures) == (False, None)
    assert len(roots_of(ScanOptions())) > 100


def test_a_file_without_roots(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text("none")
    with pytest.raises(ConfigError, match="no certificate in it"):
        roots_of(ScanOptions(roots=tmp_path / "roots.pem"))


async def test_others_are_asked_only_when_that_is_wished_for() -> None:
    clock = Clock()
    assert guard_of(ScanOptions(verify=True), clock) is None
    assert not examiner_of(ScanOptions(verify=True), None, clock).asks
    for options in (ScanOptions(aia=True), ScanOptions(revocation=True)):
        guard = guard_of(options, clock)
        assert guard is not None
        assert examiner_of(options, guard, clock).asks
        with pytest.raises(Exception, match="is not asked"):
            await guard.get("http://127.0.0.1/")
        await guard.close()
