"""The answers of a static-ct-api log (C2SP static-ct-api, tlog-tiles), with the habits of Sunlight and Skylight; and
of a hybrid, which has RFC 6962 heads and proofs beside data tiles."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

from certhia.net import Response
from certhia.testing import rfc6962
from certhia.testing.entries import Entry, Submission
from certhia.testing.loglist import log_v3
from certhia.testing.request import Request, text

if TYPE_CHECKING:
    from certhia.testing.logs import FakeLog

_TILE = re.compile(r"tile/([0-5]|data|names)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")
_FOR_EVER = {"cache-control": "public, max-age=604800, immutable", "access-control-allow-origin": "*"}


def serve(log: FakeLog, request: Request) -> Response:
    """Answers checkpoint, tile/, issuer/ and log.v3.json; 404 for what is not published, 400 for what is no path."""
    if request.method not in ("GET", "HEAD"):
        return text(405, "Method Not Allowed")
    if request.path == "checkpoint":
        headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
        return Response(200, log.head.body, headers)
    if request.path == "log.v3.json":
        return log_v3(log)
    if request.path.startswith("issuer/"):
        return _issuer(log, request.path.removeprefix("issuer/"))
    if request.path.startswith("tile/"):
        return _tile(log, request.path)
    return text(404, "404 page not found")


def serve_hybrid(log: FakeLog, request: Request) -> Response:
    """As an RFC 6962 log, with full data tiles and issuers besides; no checkpoint and no hash tiles."""
    if request.path.startswith("tile/data/") and ".p/" not in request.path:
        return _tile(log, request.path)
    if request.path.startswith("issuer/"):
        return _issuer(log, request.path.removeprefix("issuer/"))
    return rfc6962.serve(log, request)


def tile_path(kind: str | int, index: int, width: int = 256) -> str:
    """The path of a tile: kind is its level, "data" or "names"; `width` below 256 makes it a partial one."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{kind}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


def warm(log: FakeLog) -> None:
    """Makes all full data tiles ahead of time; the log's cache has to be large enough."""
    for index in range(log.size // 256):
        _data(log, index, 256)


def _issuer(log: FakeLog, name: str) -> Response:
    found = log.issuers.get(bytes.fromhex(name)) if re.fullmatch(r"[0-9a-f]{64}", name) else None
    if found is None:
        return text(404, "404 page not found")
    return Response(200, found, {"content-type": "application/pkix-cert", **_FOR_EVER})


def _tile(log: FakeLog, path: str) -> Response:
    parts = _TILE.fullmatch(path)
    if not parts or int(parts[3] or 1) > 255:
        return text(400, "malformed tile path")
    kind, index, width = parts[1], int(re.sub(r"\D", "", parts[2])), int(parts[3] or 256)
    if tile_path(kind, index, width) != path:
        return text(400, "malformed tile path")
    level = int(kind) if kind.isdigit() else 0
    reach = rfc6962.reach(log) >> 8 * level
    full = reach >= (index + 1) * 256
    end = index * 256 + width
    there = full if width == 256 else end <= reach and log.has_partial(level, end)
    if not there or (width < 256 and full and log.settings.drop_partials):
        return text(404, "404 page not found")
    if kind.isdigit():
        body = log.tree.hashes(8 * level, index * 256, end)
        return Response(200, body, {"content-type": "application/octet-stream", **_FOR_EVER})
    if kind == "names":
        return _names(log, log.entries[index * 256 : end])
    log.traffic.entries += width
    headers = {"content-type": "application/octet-stream", **_FOR_EVER}
    if log.settings.gzip:
        headers["content-encoding"] = "gzip"
    return Response(200, _data(log, index, width), headers)


def _data(log: FakeLog, index: int, width: int) -> bytes:
    """A data tile as served."""
    start, end = index * 256, index * 256 + width
    if (swapped := log.shown(start, end)) is not None:
        return _packed(log, swapped)
    body = log.cached.get(("data", index, width))
    return log.cached.put(("data", index, width), _packed(log, log.entries[start:end])) if body is None else body


def _packed(log: FakeLog, entries: list[Entry]) -> bytes:
    plain = b"".join([entry.tile_leaf for entry in entries])
    return gzip.compress(plain, compresslevel=1, mtime=0) if log.settings.gzip else plain


def _names(log: FakeLog, entries: list[Entry]) -> Response:
    """Sunlight's names tile: one JSON line an entry."""
    if not log.settings.names_tiles:
        return text(404, "404 page not found")
    lines = []
    for entry in entries:
        source = entry.submission
        if not isinstance(source, Submission):
            continue
        line: dict[str, object] = {"Timestamp": entry.timestamp, "Subject": {}}
        if source.common_name:
            line["Subject"] = {"CommonName": source.common_name}
        if source.names:
            line["DNS"] = source.names
        if source.ips:
            line["IP"] = source.ips
        lines.append(json.dumps(line, separators=(",", ":")) + "\n")
    headers = {"content-type": "application/jsonl; charset=utf-8", "content-encoding": "gzip", **_FOR_EVER}
    return Response(200, gzip.compress("".join(lines).encode(), compresslevel=1, mtime=0), headers)
