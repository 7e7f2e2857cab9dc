"""The section `scan`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.scanning import ScanOptions
from certhia.config.sources import from_values
from certhia.errors import ConfigError


def test_what_holds_unless_said_otherwise() -> None:
    scan = ScanOptions()
    assert (scan.ports, scan.sni, scan.format, scan.timeout, scan.retry) == ("443", "host", None, 10.0, 0)
    assert not scan.allow_private


def test_it_does_not_change() -> None:
    scan = ScanOptions(timeout="3s")
    assert scan.timeout == 3.0
    with pytest.raises(ValidationError):
        scan.rate = 5.0  # type: ignore[misc]


def test_levels_in_any_case() -> None:
    assert from_values({"scan.log_level": "ERROR"}).scan.log_level == "error"
    assert from_values({"scan.log_level": None}).scan.log_level is None
    with pytest.raises(ConfigError, match=r"scan\.log_level"):
        from_values({"scan.log_level": "LOUD"})


def test_what_makes_no_sense_is_told_by_its_key() -> None:
    with pytest.raises(ConfigError, match=r"scan\.rate"):
        from_values({"scan.rate": 0})
    with pytest.raises(ConfigError, match="named twice"):
        from_values({"scan.files": ("a.jsonl", "a.jsonl")})
