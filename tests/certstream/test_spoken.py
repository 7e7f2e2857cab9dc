"""What is handed on of messages without certificates, in all framings."""

from __future__ import annotations

import json
import zlib
from array import array

import pytest

from certhia._core import Issuers
from certhia.certstream.entries import page
from certhia.certstream.messages import Told, read
from certhia.certstream.origins import Origins
from certhia.certstream.spoken import HandedOn
from certhia.certstream.standin import standin
from certhia.testing.certstream import told


def handed_on(*messages: object) -> HandedOn:
    said = [read(json.dumps(one)) for one in messages]
    told = [one for one in said if isinstance(one, Told)]
    origin = Origins("ws://here/", lambda: 5.0).of(told[0])
    made = page([standin(one, 5.0) for one in told], 7, Issuers())
    return HandedOn(origin.named, origin.source, made, 5.0, 0, told=tuple(told))


def test_no_stream_gets_what_the_message_does_not_hold() -> None:
    lite = handed_on(told(["a"], 7), told(["b"], 8))
    names = handed_on({"message_type": "dns_entries", "data": ["a"]})
    counts = {kind: len(lite.messages((kind, "certhia", None), Issuers())) for kind in ("lite", "full", "domains")}
    assert counts == {"lite": 2, "full": 0, "domains": 2}
    counts = {kind: len(names.messages((kind, "certhia", None), Issuers())) for kind in ("lite", "full", "domains")}
    assert counts == {"lite": 0, "full": 0, "domains": 1}


def test_a_cursor_as_the_shape_has_it() -> None:
    sheet = handed_on(told(["a"], 7))
    keys = [
        list(json.loads(sheet.messages(("lite", profile, cursor), Issuers())[0]))
        for profile, cursor in (("certhia", None), ("calidog", None), ("calidog", True))
    ]
    assert keys == [
        ["message_type", "data", "cursor", "verified"],
        ["message_type", "data"],
        ["message_type", "data", "cursor"],
    ]


@pytest.mark.parametrize("framing", ["websocket", "deflate", "sse"])
def test_framings(framing: str) -> None:
    sheet = handed_on(told(["a"], 7), told(["b"], 8))
    messages = sheet.messages(("domains", "certhia", None), Issuers())
    data = messages.frames(framing, array("H", [1]).tobytes())
    assert messages.positions == [0, 1]
    chosen = messages.choices(framing, [array("H", [1]).tobytes(), b""])
    assert chosen == [(data, 1, sheet.page.first + 1, sheet.page.first + 1), (b"", 0, 0, 0)]
    if framing == "sse":
        assert data == b"id: %b:8\ndata: %b\n\n" % (sheet.log.id[:8].hex().encode(), messages[1])
        return
    assert data[0] == (0xC1 if framing == "deflate" else 0x81)
    payload = data[2:]
    if framing == "deflate":
        payload = zlib.decompressobj(-zlib.MAX_WBITS).decompress(payload + b"\0\0\xff\xff")
    assert payload.endswith(messages[1][-20:])
    assert len(messages.frames(framing)) > len(data)
