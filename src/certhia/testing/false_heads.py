"""Heads that no honest log shows: bad signatures, two that contradict each other, sizes and times of nowhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable

from certhia.model import Protocol
from certhia.net import Response
from certhia.testing import heads
from certhia.testing.heads import SignedHead
from certhia.testing.logs import FakeLog
from certhia.testing.request import Request
from certhia.testing.scripted import Fault

HEADS = frozenset({"get-sth", "checkpoint"})
BAD_NOTES = ("signature", "origin", "leading zeros", "extension line", "endless lines", "cut", "empty", "binary")
BAD_STHS = ("signature", "root of 31 bytes", "negative size", "no timestamp", "not JSON", "cut", "empty", "binary")


def signed(log: FakeLog, size: int, root: bytes, timestamp: int) -> SignedHead:
    """A head of that log with a signature that holds, whatever it says; it is not shown."""
    if log.protocol is Protocol.STATIC:
        body = heads.checkpoint(log.key, log.origin, timestamp, size, root, extra=log.settings.extra_signatures)
    else:
        body = heads.sth(log.key, timestamp, size, root)
    return SignedHead(size, root, timestamp, body)


def _show(head: Callable[[FakeLog], SignedHead], times: int | None, every: int = 1) -> Fault:
    def act(request: Request) -> Response:
        return Response(200, head(request.log).body, {"cache-control": "no-store"})

    return Fault(act, HEADS, times, every=every)


def bad_head(kind: str, *, times: int | None = None) -> Fault:
    """L06: a head that must be rejected; `kind` is one of BAD_NOTES for a static log, of BAD_STHS for others."""

    def act(request: Request) -> Response:
        log = request.log
        static = log.protocol is Protocol.STATIC
        body = _bad_note(log, kind) if static else _bad_sth(log.head.body, kind)
        return Response(200, body, {"cache-control": "no-store"})

    return Fault(act, HEADS, times)


def _bad_note(log: FakeLog, kind: str) -> bytes:
    body = log.head.body
    origin, size, rest = body.split(b"\n", 2)
    other = f"elsewhere.test/{log.name}"
    made: dict[str, Callable[[], bytes]] = {
        "signature": lambda: _flip_signature(log),
        "origin": lambda: heads.checkpoint(log.key, other, log.head.timestamp, log.head.size, log.head.root),
        "leading zeros": lambda: b"\n".join((origin, b"00" + size, rest)),
        "extension line": lambda: body.replace(b"\n\n", b"\nanother line\n\n", 1),
        "endless lines": lambda: body + b"\xe2\x80\x94 other.test AAAAAAAA\n" * 10_000,
        "cut": lambda: body[: len(body) // 2],
        "empty": lambda: b"",
        "binary": lambda: bytes(range(256)),
    }
    return made[kind]()


def _flip_signature(log: FakeLog) -> bytes:
    """A checkpoint whose signature is that of another root."""
    lie = signed(log, log.head.size, hashlib.sha256(b"another").digest(), log.head.timestamp)
    root = base64.b64encode(lie.root)
    return lie.body.replace(root, base64.b64encode(log.head.root))


def _bad_sth(body: bytes, kind: str) -> bytes:
    head = json.loads(body)
    changes: dict[str, dict[str, object]] = {
        "signature": {"sha256_root_hash": base64.b64encode(bytes(32)).decode()},
        "root of 31 bytes": {"sha256_root_hash": base64.b64encode(bytes(31)).decode()},
        "negative size": {"tree_size": -head["tree_size"] - 1},
        "no timestamp": {"timestamp": None},
    }
    if kind in changes:
        return json.dumps({**head, **changes[kind]}).encode()
    return {"not JSON": b"size=5", "cut": body[: len(body) // 2], "empty": b"", "binary": bytes(range(256))}[kind]


def split_view(*, every: int = 2, times: int | None = None) -> Fault:
    """L08: now and then a second head of the same size, with a signature that holds and another root."""

    def other(log: FakeLog) -> SignedHead:
        root = hashlib.sha256(b"the other view" + log.head.root).digest()
        return signed(log, log.head.size, root, log.head.timestamp + 1)

    return _show(other, times, every)


def time_travel(seconds: float, *, times: int | None = None) -> Fault:
    """L09: heads whose timestamp is that far in the future (negative: in the past)."""

    def shifted(log: FakeLog) -> SignedHead:
        return signed(log, log.head.size, log.head.root, log.head.timestamp + int(seconds * 1000))

    return _show(shifted, times)


def frozen(log: FakeLog) -> Fault:
    """L10: the present head for ever, however the log grows."""
    head = log.head
    return _show(lambda _: head, None)


def giant_tree(size: int = (1 << 63) - 1, *, times: int | None = None, every: int = 1) -> Fault:
    """L11: a head over more entries than any log has; with `every`, it is taken back in between."""

    def grown(log: FakeLog) -> SignedHead:
        return signed(log, size, hashlib.sha256(b"giant").digest(), log.head.timestamp)

    return _show(grown, times, every)
