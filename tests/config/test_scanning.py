"""The section `scan`."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.scanning import ScanOptions
from certhia.config.settings import Settings
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


@pytest.mark.parametrize(
    "name, value",
    [
        ("timeout", "-1s"),
        ("rate", 0),
        ("retry", "x"),
        ("format", "xml"),
        ("files", ("a.jsonl", "a.jsonl")),
        ("log_level", "LOUD"),
        ("expand_most", 0),
    ],
)
def test_options_that_a_program_makes_are_judged_in_the_same_words(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as given:
        from_values({f"scan.{name}": value})
    with pytest.raises(ConfigError) as made:
        ScanOptions(**{name: value})
    assert str(made.value) == str(given.value)


def test_all_that_is_wrong_with_them_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as made:
        ScanOptions(rate=0, per_hosts=3, retry=-1)  # type: ignore[call-arg]
    told = str(made.value)
    assert told.startswith("the configuration has 3 problems:")
    assert 'scan.rate: "0" must be greater than 0' in told
    assert "scan.per_hosts is an unknown key; did you mean scan.per_host?" in told
    assert 'scan.retry: "-1" must be greater than or equal to 0' in told


def test_pydantic_sees_its_own_error() -> None:
    with pytest.raises(ValidationError):
        ScanOptions.model_validate({"timeout": "-1s"})
    with pytest.raises(ValidationError):
        Settings.model_validate({"scan": {"timeout": "-1s"}})


def test_what_makes_no_sense_is_told_by_its_key() -> None:
    with pytest.raises(ConfigError, match=r"scan\.rate"):
        from_values({"scan.rate": 0})
    with pytest.raises(ConfigError, match="named twice"):
        from_values({"scan.files": ("a.jsonl", "a.jsonl")})
