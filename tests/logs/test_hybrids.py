"""The table of hybrid logs and a user's changes to it."""

from __future__ import annotations

import pytest

from certhia.errors import ConfigError
from certhia.logs.hybrids import HYBRIDS, with_changes


def test_changes() -> None:
    assert with_changes([]) == HYBRIDS
    assert with_changes(["none"]) == {}
    assert with_changes(["none", "https://a.test/log"]) == {"https://a.test/log/": "https://a.test/log/"}
    assert with_changes(["none", "https://a.test/=https://tiles.test/a"]) == {
        "https://a.test/": "https://tiles.test/a/"
    }
    without = with_changes(["-https://ct2026-a.trustasia.com/log2026a"])
    assert set(HYBRIDS) - set(without) == {"https://ct2026-a.trustasia.com/log2026a/"}
    assert with_changes(["-https://unknown.test/"]) == HYBRIDS


@pytest.mark.parametrize("change", ["", "a.test", "-", "https://a.test/=tiles", "all"])
def test_what_is_no_change(change: str) -> None:
    with pytest.raises(ConfigError, match="hybrid log"):
        with_changes([change])
