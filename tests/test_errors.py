from __future__ import annotations

import inspect
import re

import pytest

from certhia import errors


def classes() -> dict[str, type[Exception]]:
    found = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
    return {kind.__name__: kind for kind in found}


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    drawn: dict[str, str] = {}
    parents = ["CerthiaError"]
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*[├└]── )(\w+)", line):
            depth = len(found[1]) // 4
            parents = [*parents[:depth], found[2]]
            drawn[found[2]] = parents[depth - 1]
    real = {name: kind.__bases__[0].__name__ for name, kind in classes().items() if name != "CerthiaError"}
    assert drawn == real


def test_all_are_caught_as_one() -> None:
    assert all(issubclass(kind, errors.CerthiaError) for kind in classes().values())


def test_malformed_says_where() -> None:
    error = errors.Malformed("a length of 3 bytes", 17)
    assert (str(error), error.reason, error.offset) == ("a length of 3 bytes at byte 17", "a length of 3 bytes", 17)
    with pytest.raises(ValueError, match="at byte 0"):
        raise errors.Malformed("nothing")


def test_throttled_may_say_how_long() -> None:
    assert errors.Throttled("429").retry_after is None
    assert errors.Throttled("429", 2.5).retry_after == 2.5


def test_of_a_group_of_errors_ours_is_told() -> None:
    ours = errors.StateError("the disk is full")
    group = BaseExceptionGroup("", [ValueError("x"), BaseExceptionGroup("", [KeyError("y"), ours])])
    assert errors.first_of(group) is ours
    assert isinstance(errors.first_of(BaseExceptionGroup("", [ValueError("x")])), ValueError)
