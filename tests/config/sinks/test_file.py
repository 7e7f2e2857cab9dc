from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from certhia.config.sinks import FileSink


def test_rotation_is_off() -> None:
    settings = FileSink(path=Path("m.jsonl"))
    assert (settings.rotate_size, settings.rotate_every, settings.gzip) == (None, None, False)


def test_sizes_and_times_as_people_write_them() -> None:
    settings = FileSink.model_validate({"path": "m.jsonl", "rotate_size": "100MB", "rotate_every": "1d", "gzip": True})
    assert (settings.rotate_size, settings.rotate_every) == (100_000_000, 86_400)


@pytest.mark.parametrize("fields", [{"keep": 3}, {"gzip": True}])
def test_what_makes_no_sense(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give rotate_size or rotate_every"):
        FileSink.model_validate({"path": "m.jsonl", **fields})
