"""Batches of messages, read and matched."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from certhia._core import Issuers, Matcher
from certhia.certstream.digest import MAX_PIECE, Asked, Digest, digest, fingerprint, hits
from certhia.certstream.messages import DOMAINS, FULL, LITE
from certhia.certstream.needs import needs_of
from certhia.certstream.origins import Origins
from certhia.testing import World
from certhia.testing.certstream import told


def asked(*rules: tuple[str, str]) -> Asked:
    matcher = Matcher(rules)
    return Asked(matcher, needs_of(matcher), precerts=True)


def digested(messages: Sequence[object], what: Asked) -> Digest:
    raws = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    return digest(raws, Origins("ws://here/", lambda: 5.0), Issuers(), what, 5.0)


def test_consecutive_entries_of_a_log_are_one_page(certhia_world: World) -> None:
    full = told(["a.example.com"], 9, issued=certhia_world.ca.issue(["a.example.com"]))
    names = {"message_type": "dns_entries", "data": ["a.example.com"], "cursor": f"{'ab' * 8}:7"}
    messages = [told(["a.example.com"], 7), told(["b.example.com"], 8), full, told(["c"], 11), names]
    found = digested(messages, asked(("tree", "example.com")))
    assert [(one.kind, one.first, len(one.told)) for one in found.pieces] == [
        (LITE, 7, 2),
        (FULL, 9, 1),
        (LITE, 11, 1),
        (DOMAINS, 7, 1),
    ]
    assert [len(hits(one, asked())) for one in found.pieces] == [2, 1, 0, 1]
    assert found.cursor == f"{'ab' * 8}:7"


def test_pages_are_bounded() -> None:
    found = digested([told(["a"], index) for index in range(MAX_PIECE + 1)], asked())
    assert [len(one.told) for one in found.pieces] == [MAX_PIECE, 1]


def test_a_certificate_that_is_none_is_looked_at_by_its_fields() -> None:
    message = told(["a.example.com"], 7)
    message["data"]["leaf_cert"]["as_der"] = base64.b64encode(b"garbage").decode()
    found = digested([message], asked(("tree", "example.com")))
    assert (found.counts["unreadable"], found.pieces[0].kind) == (1, LITE)
    assert len(hits(found.pieces[0], asked())) == 1


def test_malformed_messages_are_counted_and_quoted_short() -> None:
    found = digested(["{" + "x" * 9999, "\x1b[2J"], asked())
    assert found.counts["malformed"] == 2
    assert len(found.quoted) < 250
    assert found.quoted.isascii()
    assert found.pieces == []


def test_a_fingerprint_is_looked_up_where_the_message_has_one() -> None:
    message = told(["a.example.com"], 7)
    message["data"]["leaf_cert"]["sha256"] = ":".join(["AB"] * 32)
    what = asked(("certificate", "ab" * 32))
    for precert, count in ((False, 1), (True, 0)):  # what was submitted for a precertificate may be any
        message["data"]["update_type"] = "PrecertLogEntry" if precert else "X509LogEntry"
        (piece,) = digested([message], what).pieces
        assert len(hits(piece, what)) == count
    message["data"]["leaf_cert"]["sha256"] = "zz"
    assert fingerprint(digested([message], what).pieces[0].told[0]) == bytes(32)
