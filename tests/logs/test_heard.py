"""Answers without a proof are kept word for word, and no others."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from certhia.clock import Clock
from certhia.logs.heard import KEPT, Heard
from certhia.model import Log, Protocol
from certhia.net import Response


class Wire:
    """Answers everything alike."""

    def __init__(self) -> None:
        self.answer = Response(404, b"no such leaf")
        self.closed = False

    async def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, cap: int = 1 << 20, timeout: float = 30.0
    ) -> Response:
        await asyncio.sleep(0)
        return self.answer

    async def close(self) -> None:
        self.closed = True


LOG = Log(bytes(32), b"", "", "", Protocol.RFC6962, "https://log.example/", "https://log.example/")


def question(leaf: bytes, size: int) -> str:
    return f"https://log.example/ct/v1/get-proof-by-hash?hash={quote(b64encode(leaf), safe='')}&tree_size={size}"


async def test_what_is_kept() -> None:
    wire = Wire()
    heard, leaf = Heard(wire, Clock()), b"\xfb" * 32
    assert heard.no_proof(LOG, leaf, 7) is None
    await heard.get(question(leaf, 7))
    await heard.get("https://log.example/ct/v1/get-sth")
    kept = heard.no_proof(LOG, leaf, 7)
    assert kept is not None
    assert (kept.url, kept.status, kept.body) == (question(leaf, 7), 404, b"no such leaf")
    assert heard.no_proof(LOG, leaf, 8) is None
    other = replace(LOG, submission_url="https://other.example/", monitoring_url="https://other.example/")
    assert heard.no_proof(other, leaf, 7) is None, "the same leaf, asked of another log"
    assert heard.no_proof(LOG, b"\xfa" * 32, 7) is None
    wire.answer = Response(200, b"{}")
    await heard.get(question(leaf, 7))
    assert heard.no_proof(LOG, leaf, 7) is None, "it gave one after all"
    await heard.close()
    assert wire.closed


async def test_no_more_than_that() -> None:
    wire = Wire()
    heard, leaf = Heard(wire, Clock()), bytes(32)
    wire.answer = Response(400, b"x" * (1 << 20))
    for size in range(KEPT + 1):
        await heard.get(question(leaf, size))
    assert heard.no_proof(LOG, leaf, 0) is None
    kept = heard.no_proof(LOG, leaf, KEPT)
    assert kept is not None
    assert len(kept.body) == 1 << 17
