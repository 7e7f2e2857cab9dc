"""What people are told when their rules have changed."""

from __future__ import annotations

from typing import Final

from certhia.rules.watchlist import Watchlist

COUNTED: Final = 20_000  # rules; of longer lists only the totals are compared: what changed is not worth a second


def changes(old: Watchlist, new: Watchlist) -> tuple[str, ...]:
    """One line that counts, then the notices that the old rules did not have."""
    return (f"rules reloaded: {_counts(old, new)}", *(text for text in new.notices if text not in old.notices))


def _counts(old: Watchlist, new: Watchlist) -> str:
    total = f"{len(new):,} in all" + (f" and {len(new.exclusions):,} that exclude" if new.exclusions else "")
    if max(len(old), len(new)) > COUNTED:
        return f"{total}, {len(old):,} before"
    before, after = ({*each.rules, *each.exclusions} for each in (old, new))
    added, gone = len(after - before), len(before - after)
    parts = [f"{count:,} {word}" for count, word in ((added, "added"), (gone, "gone")) if count]
    return ", ".join([*(parts or ["none changed"]), total])
