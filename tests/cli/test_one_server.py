"""One server's results."""

from __future__ import annotations

import ssl

import pytest

from certhia.cli.one_server import look, pem
from certhia.config.sources import from_values
from certhia.errors import ConfigError
from certhia.scanner.records import Failure, Result, Served, Target
from certhia.testing import CA

TARGET = Target("x", None, None, "192.0.2.1", 443)


def test_certificates() -> None:
    issued = CA("one").issue(["www.example.com"])
    shown = pem(Result(TARGET, 1.0, 0.1, served=Served(0x0303, 0, None, None, (issued.der, issued.chain[0]))))
    assert shown.count("BEGIN") == 2
    assert ssl.PEM_cert_to_DER_cert(
        shown.partition("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n"
    ) == (issued.der)
    assert pem(Result(TARGET, 1.0, 0.1, failure=Failure("refused"))) == ""


async def test_nothing_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    settings = from_values({"scan.targets": ["127.0.0.1:1"], "scan.allow_private": True})
    assert await look(settings, "human") == 1
    assert capsys.readouterr().out == "127.0.0.1:1\nrefused at connect\n"
    with pytest.raises(ConfigError, match="nothing to scan"):
        await look(from_values({}), "human")
