"""What servers do that lie or are broken: entries and tiles that are not what was signed, answers that make no sense.

Each makes a `Fault` to put into `FakeLog.hooks`, or changes the log itself where it says so. Lies about heads are in
`certhia.testing.false_heads`, what the wire does in `certhia.testing.wire`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from certhia.net import Response
from certhia.testing.entries import Entry, RawEntry, Submission, u16, u24
from certhia.testing.logs import FakeLog
from certhia.testing.request import Request
from certhia.testing.scripted import Fault

ENTRIES = frozenset({"get-entries", "tile/data"})


def _entries(act: Callable[[Request], Response | None], times: int | None, every: int = 1) -> Fault:
    return Fault(act, ENTRIES, times, every=every)


def zero_page(*, times: int | None = None) -> Fault:
    """L01: an answer without entries, although the tree has them."""

    def act(request: Request) -> Response:
        empty = b'{"entries":[]}' if request.endpoint == "get-entries" else b""
        return Response(200, empty, {"content-type": "application/json"})

    return _entries(act, times)


def over_page(more: int = 5, *, times: int | None = None) -> Fault:
    """L02: more entries than were asked for."""

    def act(request: Request) -> Response | None:
        if request.endpoint != "get-entries":
            return _longer(request.log.serve(request), more)
        end = str(int(request.query["end"]) + more)
        return request.log.serve(replace(request, query={**request.query, "end": end}))

    return _entries(act, times)


def _longer(answer: Response, more: int) -> Response:
    """A tile with some of its bytes again at its end."""
    if answer.status != 200:
        return answer
    plain = gzip.decompress(answer.body) if answer.body[:2] == b"\x1f\x8b" else answer.body
    headers = {name: value for name, value in answer.headers.items() if name != "content-encoding"}
    return Response(200, plain + plain[: 500 * more], headers)


def swap(log: FakeLog, index: int, other: Entry) -> None:
    """Serves `other` at `index` from now on; the tree and its heads stay. `log.swapped.clear()` ends it."""
    log.swapped[index] = other


def flipped(entry: Entry, *, bit: int = 0) -> Entry:
    """The entry with one bit changed, in the last byte of what was signed."""
    source = entry.submission
    if isinstance(source, RawEntry):
        leaf = source.leaf_input
        return Entry(entry.index, entry.timestamp, replace(source, leaf_input=leaf[:-1] + bytes([leaf[-1] ^ 1 << bit])))
    signed = source.signed[:-1] + bytes([source.signed[-1] ^ 1 << bit])
    return Entry(entry.index, entry.timestamp, replace(source, signed=signed), leaf_index=entry.leaf_index)


def flipped_leaf(index: int, *, times: int | None = None) -> Fault:
    """L04: one bit of a leaf is not what was signed (as Yeti 2022's entry 65562066)."""

    def act(request: Request) -> Response | None:
        log = request.log
        if index >= len(log.entries):
            return None
        before = dict(log.swapped)
        log.swapped[index] = flipped(log.entries[index])
        try:
            answer = log.serve(request)
        finally:
            log.swapped = before
        return answer if answer.body != log.serve(request).body else None

    return _entries(act, times)


def flipped_tile(index: int, *, count: int = 1, times: int | None = None) -> Fault:
    """L05: the hash tile that holds leaf `index` disagrees with the data tile, there and in the next `count` - 1 leaves
    of it."""

    def act(request: Request) -> Response | None:
        answer = request.log.serve(request)
        place = request.path.removeprefix("tile/0/").partition(".p/")[0].replace("x", "").replace("/", "")
        first = index % 256
        if answer.status != 200 or int(place) != index // 256 or len(answer.body) <= first * 32:
            return None
        body = bytearray(answer.body)
        for at in range(first * 32, min((first + count) * 32, len(body)), 32):
            body[at] ^= 1
        return replace(answer, body=bytes(body))

    return Fault(act, frozenset({"tile/0"}), times)


def bomb(size: int = 1 << 30, *, nested: bool = False, times: int | None = None) -> Fault:
    """L13: gzip that unpacks to `size` bytes of zeros, a thousand times what is sent; `nested`: in another gzip."""
    packed = gzip.compress(bytes(min(size, 1 << 24)), compresslevel=9, mtime=0) * max(size >> 24, 1)
    body = gzip.compress(packed, mtime=0) if nested else packed
    headers = {"content-type": "application/octet-stream", "content-encoding": "gzip"}
    return _entries(lambda _: Response(200, body, headers), times)


def page_of_html(*, times: int | None = None, endpoints: Iterable[str] = ()) -> Fault:
    """L14: a web page, with status 200."""
    body = b"<!doctype html><title>It works!</title><p>This is the default page of this server.\n"
    return Fault(lambda _: Response(200, body, {"content-type": "text/html"}), frozenset(endpoints), times)


def packed_404(*, times: int | None = None) -> Fault:
    """L14: a 404 whose body claims to be gzip, and is not."""
    headers = {"content-encoding": "gzip", "content-type": "text/plain"}
    return _entries(lambda _: Response(404, b"no such tile\n", headers), times)


def redirected(target: str = "http://169.254.169.254/latest/meta-data/", *, times: int | None = None) -> Fault:
    """L16: sends the client elsewhere."""
    return Fault(lambda _: Response(302, b"", {"location": target}), times=times)


def gone_partials(log: FakeLog) -> Fault:
    """L17: a partial tile is gone although the full one is not there yet."""

    def act(request: Request) -> Response | None:
        return Response(404, b"404 page not found\n", {}) if ".p/" in request.path else None

    return Fault(act, frozenset({"tile/data", "tile/0"}), times=len(log.entries) % 256)


def huge(log: FakeLog, size: int = (1 << 24) - 1, count: int = 1) -> list[Entry]:
    """L18: takes entries of `size` bytes each into the log."""
    return log.add(*(Submission(bytes([at & 0xFF]) * size, ()) for at in range(count)))


def new_type(log: FakeLog, kind: int = 0x8000) -> Entry:
    """L19: takes an entry of a type that nobody knows into the log. A data tile can't be framed from there on."""
    at = int(log.clock.now() * 1000)
    leaf = b"\0\0" + at.to_bytes(8, "big") + kind.to_bytes(2, "big") + u24(b"of another time") + u16(b"")
    return log.add(RawEntry(leaf, b"whatever"))[0]


def false_extra(index: int, other: Submission, *, times: int | None = None) -> Fault:
    """L20: the precertificate and the chain beside a leaf, which no hash covers, are those of `other`."""

    def act(request: Request) -> Response | None:
        log = request.log
        if index >= len(log.entries) or isinstance(source := log.entries[index].submission, RawEntry):
            return None
        entry = log.entries[index]
        lie = replace(source, chain=other.chain, precert=other.precert if source.is_precert else b"")
        before = dict(log.swapped)
        log.swapped[index] = Entry(index, entry.timestamp, lie, leaf_index=entry.leaf_index)
        try:
            answer = log.serve(request)
        finally:
            log.swapped = before
        return answer if answer.body != log.serve(request).body else None

    return _entries(act, times)


def poisoned_list(world_list: bytes, *, keep: int = 0) -> bytes:
    """L21: a log list of which only the first `keep` logs are left."""
    document = json.loads(world_list)
    left = keep
    for operator in document["operators"]:
        for kind in ("logs", "tiled_logs"):
            logs = operator.get(kind, [])
            operator[kind] = logs[:left]
            left -= len(operator[kind])
    return json.dumps(document).encode()
