from __future__ import annotations

import pytest
from pydantic import ValidationError

from certhia.config.sinks.exec import ExecSink


def test_a_command() -> None:
    settings = ExecSink.model_validate({"command": ["/usr/local/bin/hook", "--quiet"], "timeout": "2m"})
    assert (settings.command, settings.timeout) == (("/usr/local/bin/hook", "--quiet"), 120.0)


@pytest.mark.parametrize("fields", [{}, {"command": []}, {"command": ["x"], "batch": 2}])
def test_what_makes_no_sense(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExecSink.model_validate(fields)
