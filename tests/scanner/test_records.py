from __future__ import annotations

import inspect

import pytest

from certhia.scanner import records
from certhia.scanner.records import Failure, Result, Target

KINDS = [each for _, each in inspect.getmembers(records, inspect.isclass) if issubclass(each, tuple)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_field_is_documented_and_none_hides_a_tuples_own(kind: type) -> None:
    fields = kind._fields  # type: ignore[attr-defined]
    assert not set(fields) & {"count", "index"}
    if kind is not Failure:  # it points to ScanFailure
        assert [field for field in fields if f"{field}:" not in (kind.__doc__ or "")] == []


def test_are_immutable() -> None:
    target = Target("192.0.2.0/24", None, None, "192.0.2.1", 443)
    with pytest.raises(AttributeError):
        target.port = 80  # type: ignore[misc]
    assert Result(target, 0.0, 0.0).failure is None
