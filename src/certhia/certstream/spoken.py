"""What is handed on of messages that bring no certificate: as they came, with a cursor of ours, marked unverified.

No stream gets what such a message does not hold: of fields lite and names are made, of names names alone; a full stream
gets nothing of them.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from certhia._core import Issuers
from certhia.certstream.messages import DOMAINS, LITE, Told
from certhia.stream.blocks import Sheet, Spoken
from certhia.stream.frames import TEXT, frame
from certhia.stream.groups import Shape

HELD: Final[Mapping[str, frozenset[str]]] = {LITE: frozenset({LITE, DOMAINS}), DOMAINS: frozenset({DOMAINS})}

_RSV1: Final = 0x40


@dataclass(frozen=True, slots=True)
class HandedOn(Sheet):
    """Consecutive entries of which no certificate came; `page` has what stands in for them."""

    told: tuple[Told, ...] = ()

    def messages(self, shape: Shape, issuers: Issuers, positions: bytes | None = None) -> Spoken:
        """As those who sent them wrote them, as far as they hold what is asked for."""
        del issuers  # no chain is added
        kind = shape[0]
        chosen = range(len(self.told)) if positions is None else array("H", positions)
        there = [one for one in chosen if kind in HELD[self.told[one].kind]]
        log_id = self.log.id[:8].hex()
        made = [_Message(f"{log_id}:{self.page.first + one}", _written(self.told[one], kind)) for one in there]
        return _Messages(there, [one.written(shape) for one in made], self.page.first)


@dataclass(frozen=True, slots=True)
class _Message:
    cursor: str
    fields: Mapping[str, Any]

    def written(self, shape: Shape) -> tuple[str, bytes]:
        """The cursor where the shape has one, and the message's JSON."""
        _, profile, cursor = shape
        message, has_cursor = dict(self.fields), profile == "certhia" if cursor is None else cursor
        if has_cursor:
            message["cursor"] = self.cursor
        if profile == "certhia":
            message["verified"] = False
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=True).encode()
        return (self.cursor if has_cursor else ""), text


def _written(told: Told, kind: str) -> dict[str, Any]:
    if kind == DOMAINS:
        return {"message_type": "dns_entries", "data": list(told.names)}
    leaf = {key: value for key, value in told.leaf.items() if key != "as_der"}
    data = {key: value for key, value in told.data.items() if key != "chain"}
    return {"message_type": "certificate_update", "data": {**data, "leaf_cert": leaf}}


class _Messages:
    """See `certhia._core.Messages`."""

    def __init__(self, positions: list[int], made: Sequence[tuple[str, bytes]], first: int) -> None:
        """`first`: the page's first index."""
        self.positions = positions
        self._first = first
        self._made = made

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, number: int, /) -> bytes:
        return self._made[number][1]

    def frames(self, framing: str, positions: bytes | None = None) -> bytes:
        """All, or those at these positions, framed, one after another."""
        if positions is None:
            return b"".join(_framed(self._made, framing))
        wanted = set(array("H", positions))
        chosen = [one for at, one in zip(self.positions, self._made, strict=True) if at in wanted]
        return b"".join(_framed(chosen, framing))

    def choices(self, framing: str, choices: Sequence[bytes]) -> list[tuple[bytes, int, int, int]]:
        """For each choice its frames, how many, and the indexes of the first and the last."""
        there = set(self.positions)
        out = list[tuple[bytes, int, int, int]]()
        for choice in choices:
            some = [one for one in array("H", choice) if one in there]
            ends = (self._first + some[0], self._first + some[-1]) if some else (0, 0)
            out.append((self.frames(framing, choice), len(some), *ends))
        return out


def _framed(messages: Sequence[tuple[str, bytes]], framing: str) -> Iterable[bytes]:
    for cursor, text in messages:
        if framing == "sse":
            yield (b"id: %b\n" % cursor.encode() if cursor else b"") + b"data: %b\n\n" % text
        elif framing == "deflate":
            packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            data = packed.compress(text) + packed.flush(zlib.Z_SYNC_FLUSH)
            whole = bytearray(frame(TEXT, data.removesuffix(b"\0\0\xff\xff")))
            whole[0] |= _RSV1
            yield bytes(whole)
        else:
            yield frame(TEXT, text)
