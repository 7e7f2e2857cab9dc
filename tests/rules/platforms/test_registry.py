"""Types of platforms by name."""

from __future__ import annotations

import pytest

from certhia.config.named import PLATFORMS, types_of
from certhia.errors import ConfigError
from certhia.rules.platforms.registry import BUILT_IN, UNOFFICIAL, fetcher


def test_every_type_of_the_settings_has_what_fetches_it() -> None:
    assert sorted(types_of(PLATFORMS)) == sorted(BUILT_IN)
    assert all(callable(fetcher(kind)) for kind in BUILT_IN)
    assert set(BUILT_IN) > UNOFFICIAL


def test_others() -> None:
    with pytest.raises(ConfigError, match='"hackertwo" is no type of platform; there are bugcrowd, hackerone'):
        fetcher("hackertwo")
