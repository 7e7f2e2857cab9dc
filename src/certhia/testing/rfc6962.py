"""The answers of an RFC 6962 log (section 4), with the habits of CTFE, which most such logs run."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING

from certhia.net import Response
from certhia.testing.loglist import log_v3
from certhia.testing.request import Request, as_json, text

if TYPE_CHECKING:
    from certhia.testing.entries import Entry
    from certhia.testing.logs import FakeLog


class _Refused(Exception):
    """A request that the log refuses, with the status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def serve(log: FakeLog, request: Request) -> Response:
    """Answers ct/v1/... and log.v3.json; 404 for all else."""
    if request.path == "log.v3.json":
        return log_v3(log)
    handler = _HANDLERS.get(request.path.removeprefix("ct/v1/")) if request.path.startswith("ct/v1/") else None
    if handler is None:
        return text(404, "404 page not found")
    if request.method != "GET":
        return text(405, "Method Not Allowed")
    try:
        return handler(log, request)
    except _Refused as refused:
        reason = {400: "Bad Request", 404: "Not Found"}[refused.status]
        return text(refused.status, f"{reason}\n{refused}")


def reach(log: FakeLog) -> int:
    """How many entries the front end has."""
    return log.size if log.visible is None else min(log.size, log.visible)


def page(log: FakeLog, start: int, end: int) -> bytes:
    """The body of get-entries for entries [start, end)."""
    if (swapped := log.shown(start, end)) is not None:
        return _body(swapped)
    body = log.cached.get((start, end))
    return log.cached.put((start, end), _body(log.entries[start:end])) if body is None else body


def _body(entries: list[Entry]) -> bytes:
    return b'{"entries":[%b]}' % b",".join([entry.json for entry in entries])


def warm(log: FakeLog) -> None:
    """Makes the bodies of all full, aligned pages ahead of time; the log's cache has to be large enough."""
    step = log.settings.max_get_entries
    for start in range(0, log.size, step):
        page(log, start, min(start + step, log.size))


def _sth(log: FakeLog, _request: Request) -> Response:
    return Response(200, log.head.body, {"content-type": "application/json"})


def _entries(log: FakeLog, request: Request) -> Response:
    start, end = _number(request, "start"), _number(request, "end")
    if start > end:
        raise _Refused(f"start ({start}) and end ({end}) values are not a valid range")
    most = log.settings.max_get_entries
    if end - start + 1 >= most:
        end = start + most - 1
        if log.settings.align:
            end -= (end + 1) % most
    size = reach(log)
    if start >= size:
        raise _Refused(f"need tree size: {start + 1} to get leaves but only got: {size}")
    end = min(end + 1, size)
    log.traffic.entries += end - start
    return Response(200, page(log, start, end), {"content-type": "application/json"})


def _consistency(log: FakeLog, request: Request) -> Response:
    first, second = _number(request, "first"), _number(request, "second")
    if first > second:
        raise _Refused(f"first ({first}) and second ({second}) values are not a valid range")
    if second > reach(log):
        raise _Refused(f"need tree size: {second} for proof but only got: {reach(log)}")
    proof = log.tree.consistency(first, second) if first else []
    return as_json({"consistency": [_text(each) for each in proof]})


def _proof_by_hash(log: FakeLog, request: Request) -> Response:
    size = _number(request, "tree_size")
    try:
        wanted = base64.b64decode(request.query.get("hash", ""), validate=True)
    except binascii.Error as error:
        raise _Refused(f"invalid base64 hash: {error}") from error
    if len(wanted) != 32:
        raise _Refused(f"get-proof-by-hash: hash of {len(wanted)} bytes, wanted 32")
    if size < 1:
        raise _Refused(f"get-proof-by-hash: got invalid tree_size: {size}")
    if size > reach(log):
        raise _Refused(f"log returned tree size: {reach(log)} but we expected: {size}", 404)
    index = log.position(wanted)
    if index is None or index >= size:
        raise _Refused("No leaf found with that hash", 404)
    return as_json({"leaf_index": index, "audit_path": [_text(each) for each in log.tree.inclusion(index, size)]})


def _entry_and_proof(log: FakeLog, request: Request) -> Response:
    index, size = _number(request, "leaf_index"), _number(request, "tree_size")
    if not 0 <= index < size:
        raise _Refused(f"invalid params leaf_index={index} tree_size={size}")
    if size > reach(log):
        raise _Refused(f"log returned tree size: {reach(log)} but we expected: {size}")
    entry = log.swapped.get(index, log.entries[index])
    proof = [_text(each) for each in log.tree.inclusion(index, size)]
    return as_json({"leaf_input": _text(entry.leaf_input), "extra_data": _text(entry.extra_data), "audit_path": proof})


def _roots(log: FakeLog, _request: Request) -> Response:
    return as_json({"certificates": [_text(each) for each in log.roots]})


def _number(request: Request, name: str) -> int:
    value = request.query.get(name, "")
    try:
        number = int(value)
    except ValueError:
        raise _Refused(f"parameter {name} is missing or no number: {value!r}") from None
    if number < 0:
        raise _Refused(f"parameter {name} is negative: {number}")
    return number


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


_HANDLERS: dict[str, Callable[[FakeLog, Request], Response]] = {
    "get-sth": _sth,
    "get-entries": _entries,
    "get-sth-consistency": _consistency,
    "get-proof-by-hash": _proof_by_hash,
    "get-entry-and-proof": _entry_and_proof,
    "get-roots": _roots,
}
