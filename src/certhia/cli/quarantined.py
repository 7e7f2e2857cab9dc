"""One quarantined entry, for people and as fields."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from certhia import decode, render
from certhia.cli.hexdump import dump
from certhia.clock import iso
from certhia.errors import Malformed
from certhia.logs.tiles import WIDTH, tile_path
from certhia.model import Log, Protocol, Quarantined
from certhia.store.codec import LEAF_KEPT

NAMES = 20  # that are shown
_LOG = 24  # columns


def line(log: Log, one: Quarantined) -> str:
    """When, log and index, the leaf hash's beginning, reason; one line."""
    place = f"{render.short(log.description or log.url, _LOG)} #{one.index}"
    resolved = f"; read by a later version {iso(one.resolved)[:10]}" if one.resolved is not None else ""
    return f"{iso(one.at)[:19]}Z  {render.column(place, _LOG + 12)}  {one.leaf_hash.hex()[:16]}  {one.reason}{resolved}"


def fields(log: Log, one: Quarantined, *, leaf: bool = False) -> dict[str, object]:
    """The same and more, ready for JSON. `bytes` is null where the leaf was too large to keep."""
    told: dict[str, object] = {
        "log": log.description,
        "log_url": log.url,
        "log_id": base64.b64encode(log.id).decode(),
        "index": one.index,
        "reason": one.reason,
        "leaf_hash": one.leaf_hash.hex(),
        "at": iso(one.at),
        "bytes": len(one.leaf_input) or None,
        "resolved": iso(one.resolved) if one.resolved is not None else None,
    }
    if leaf:
        told |= {
            "names": names(one),
            "fault_at": fault_at(one),
            "url": url(log, one.index),
            "leaf_input": base64.b64encode(one.leaf_input).decode() or None,
        }
    return told


def text(log: Log, one: Quarantined) -> Iterator[str]:
    """All that is known of it."""
    found = names(one)
    shown = ", ".join(found[:NAMES]) + (f" and {len(found) - NAMES} more" if len(found) > NAMES else "")
    at = fault_at(one)
    rows = {
        "log": f"{log.description} ({log.url})",
        "entry": str(one.index),
        "reason": one.reason,
        "seen": iso(one.at),
        "resolved": iso(one.resolved) if one.resolved is not None else "",
        "leaf hash": one.leaf_hash.hex(),
        "names": shown or ("none can be found in it" if one.leaf_input else ""),
        "fetch": url(log, one.index),
        "leaf": f"{len(one.leaf_input):,} bytes" if one.leaf_input else f"over {LEAF_KEPT:,} bytes, not kept",
    }
    for name, value in rows.items():
        if value:
            yield f"{name:<10} {value}"
    yield from dump(one.leaf_input, at)


def names(one: Quarantined) -> list[str]:
    """Names that can still be found in it."""
    if not one.leaf_input:
        return []
    try:
        return decode.again(one)[0].certificate.names
    except Malformed:
        return []


def fault_at(one: Quarantined) -> int | None:
    """Where in the leaf it makes no sense, as far as that is known: the reason's offset counts from what was read."""
    told = re.search(r" at byte (\d+)$", one.reason)
    if not told or not one.leaf_input:
        return None
    try:
        entry = decode.again(one)[0]
        start = 0 if entry.fault else one.leaf_input.find(entry.certificate.der)
    except Malformed:
        start = 0
    return max(start, 0) + int(told[1])


def url(log: Log, index: int) -> str:
    """Where the log serves it."""
    if log.protocol is Protocol.RFC6962:
        return f"{log.monitoring_url}ct/v1/get-entries?start={index}&end={index}"
    return f"{log.monitoring_url}{tile_path('data', index // WIDTH)}"
