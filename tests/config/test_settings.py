import pytest
from pydantic import ValidationError

from certhia.config.settings import Settings


def test_settings_do_not_change() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.read.memory = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    "section, key, value",
    [
        ("read", "memory", 0),
        ("read", "max_bandwidth", "0MB/s"),
        ("read", "poll_static", 0),
        ("read", "max_rate", 0),
        ("read", "max_parallel", 0),
        ("read", "contact", "x" * 201),
        ("watch", "dedupe_size", 0),
        ("watch", "precerts", "perhaps"),
        ("output", "verbose", -1),
        ("output", "files", ["a.csv", "a.csv"]),
        ("logs", "include", ["usable"]),
        ("read", "unheard_of", 1),
    ],
)
def test_what_makes_no_sense_is_refused(section: str, key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({section: {key: value}})


def test_reading_may_begin_anywhere() -> None:
    settings = Settings.model_validate({"read": {"from": "beginning", "until": "2026-03-01", "max_backlog": 5}})
    assert settings.read.from_.kind == "beginning"
    assert settings.read.until is not None
    assert settings.read.until.kind == "date"
