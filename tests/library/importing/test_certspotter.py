from __future__ import annotations

from pathlib import Path

import pytest

from certhia.errors import ConfigError
from certhia.library.importing.certspotter import read
from certhia.rules.watchlist import Watchlist


def test_bare_names_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "watchlist"
    path.write_text(
        "# ours\nexample.com\n.example.org\n\nwww.example.net. valid_at:2017-05-01\n.\nexample.com\nBücher.example\n"
    )
    found = read(path)
    assert found.values == {
        "watch.rules": ["=example.com", "example.org", "=www.example.net", ".", "=Bücher.example"],
    }
    assert found.notes[0] == "valid_at of 1 names is left out, as newer certspotters leave it out"
    assert "streams every certificate" in found.notes[1]
    found.check({})
    Watchlist(*found.values["watch.rules"])  # type: ignore[misc]


@pytest.mark.parametrize(
    "raw, problem",
    [
        (b"a.example\nb.example nonsense\n", r"watchlist:2: \"nonsense\" is unknown here"),
        (b"\xff", "is not UTF-8"),
        (b"a.example\n" * 60_000, "too long for a settings file"),
        (None, "cannot be read: No such file"),
    ],
)
def test_what_is_no_watch_list(tmp_path: Path, raw: bytes | None, problem: str) -> None:
    path = tmp_path / "watchlist"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(ConfigError, match=problem):
        read(path)
