"""ct-scout's platforms."""

from __future__ import annotations

from certhia.library.importing.imported import Imported
from certhia.library.importing.scopes import TOKENS, platforms


def test_those_that_are_enabled() -> None:
    found = Imported()
    platforms(
        {
            "sync_interval_hours": 12,
            "max_programs_per_platform": 50,
            "hackerone": {"enabled": False, "username": "me", "api_token": "hunter2"},
            "intigriti": {"enabled": True, "api_token": "hunter2", "filter": "following", "max_programs": 7},
        },
        found,
    )
    assert found.values == {
        "platforms.sync_interval": "12h",
        "platforms.max_programs": 50,
        "platforms.intigriti.token": f"${{{TOKENS['intigriti']}}}",
        "platforms.intigriti.filter": "following",
        "platforms.intigriti.max_programs": 7,
    }
    found.check(dict.fromkeys(TOKENS.values(), "x"))
    assert "hunter2" not in found.written("x") + "".join(found.notes)


def test_none() -> None:
    found = Imported()
    platforms({"sync_interval_hours": 6, "hackerone": {"enabled": False}, "intigriti": 5}, found)
    assert (found.values, found.notes) == ({}, [])
