"""ct-scout's platforms: those that it fetches scopes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from certhia.library.importing.imported import Imported

TOKENS: Final[Mapping[str, str]] = {
    "hackerone": "CTSCOUT_HACKERONE_TOKEN",
    "intigriti": "CTSCOUT_INTIGRITI_TOKEN",
}
"""The variable that stands for each one's token."""


def platforms(table: Mapping[str, Any], found: Imported) -> None:
    """`[platforms]`, with a table for each that is enabled."""
    enabled = {name: one for name in TOKENS if isinstance(one := table.get(name), dict) and one.get("enabled")}
    if not enabled:
        return
    values = found.values
    if (hours := table.get("sync_interval_hours")) is not None:
        values["platforms.sync_interval"] = f"{hours}h"
    if (most := table.get("max_programs_per_platform")) is not None:
        values["platforms.max_programs"] = most
    for name, one in enabled.items():
        if one.get("username"):
            values[f"platforms.{name}.username"] = one["username"]
        values[f"platforms.{name}.token"] = f"${{{TOKENS[name]}}}"
        for key in ("filter", "max_programs"):
            if one.get(key) is not None:
                values[f"platforms.{name}.{key}"] = one[key]
        found.notes.append(
            f"platforms.{name}.api_token is not copied: set the variable {TOKENS[name]} to it, or write token_file"
        )
    found.notes.append(
        "platforms: what leaves a scope is no longer watched, and what is out of scope is left out; a URL stands for "
        "its host alone, unless subdomains = true"
    )
