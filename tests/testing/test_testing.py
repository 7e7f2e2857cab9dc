from __future__ import annotations

import pytest

import certhia.testing


def test_all_names_can_be_had_and_are_documented() -> None:
    assert sorted(certhia.testing.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    for name in certhia.testing.__all__:
        value = getattr(certhia.testing, name)
        assert name in dir(certhia.testing)
        assert name in {"START", "Hook"} or value.__doc__, name


def test_each_name_comes_from_where_the_type_checker_thinks() -> None:
    assert set(certhia.testing._HOME) == set(certhia.testing.__all__)


def test_other_names_are_none_of_ours() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = certhia.testing.nonsense
