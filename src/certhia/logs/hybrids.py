"""Logs that answer RFC 6962 and also serve data tiles: heads and proofs come from get-sth, entries from /tile/data.

Which logs do so is known, not probed. The table is short; a setting adds to it or takes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from certhia.errors import ConfigError

Hybrids = Mapping[str, str]
"""The log's URL, as lists give it, to the URL below which `tile/data` is. Both end in a slash."""

HYBRIDS: Final[Hybrids] = MappingProxyType(
    {
        url: url
        for url in (
            "https://ct2026-a.trustasia.com/log2026a/",
            "https://ct2026-b.trustasia.com/log2026b/",
            "https://hetu2027.trustasia.com/hetu2027/",
        )
    }
)
"""As of 2026-08: TrustAsia's RFC 6962 logs serve cached tiles, while a get-entries answer takes seconds."""


def with_changes(changes: Sequence[str], table: Hybrids = HYBRIDS) -> Hybrids:
    """The table with a user's changes: `URL` or `URL=TILES_URL` adds a log, `-URL` takes one away, `none` all.

    Raises ConfigError for anything else.
    """
    changed = dict(table)
    for change in changes:
        if change == "none":
            changed.clear()
            continue
        log, _, tiles = change.removeprefix("-").partition("=")
        for url in (log, tiles or log):
            if not url.startswith(("https://", "http://")):
                raise ConfigError(f"hybrid log {change!r}: give URL, URL=TILES_URL, -URL, or none")
        log = log.rstrip("/") + "/"
        if change.startswith("-"):
            changed.pop(log, None)
        else:
            changed[log] = tiles.rstrip("/") + "/" if tiles else log
    return MappingProxyType(changed)
