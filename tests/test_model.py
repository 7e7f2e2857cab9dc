from __future__ import annotations

import dataclasses
import inspect

import pytest

from certhia import model
from certhia.model import Log, Protocol

RECORDS = [kind for _, kind in inspect.getmembers(model, dataclasses.is_dataclass) if inspect.isclass(kind)]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_records_do_not_change(record: type) -> None:
    params = record.__dataclass_params__  # type: ignore[attr-defined]
    assert params.frozen
    assert "__slots__" in vars(record)
    assert record.__doc__
    assert not record.__doc__.startswith(f"{record.__name__}(")  # dataclass' own


def test_the_origin_of_a_static_log_is_its_submission_prefix() -> None:
    log = Log(b"", b"", "", "", Protocol.STATIC, "https://log.example.net/2026h2/", "https://mon.example.net/2026h2/")
    assert (log.origin, log.url) == ("log.example.net/2026h2", "https://log.example.net/2026h2/")
