"""What is answered besides streams: examples, the latest, one certificate, how all of it is doing.

Whatever somebody asks for is made when it is asked, and of the same answer at most one a second: `/latest.json` is
served from pages, and no page is serialised that nobody asked for.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from certhia.clock import Clock
from certhia.render import quoted
from certhia.stream import recent, standing
from certhia.stream.blocks import Sheet
from certhia.stream.forms import KINDS, PROFILES
from certhia.stream.groups import Shape
from certhia.stream.hub import Hub
from certhia.stream.once import Once
from certhia.stream.recent import Recent
from certhia.stream.standing import Json, Known
from certhia.stream.streams import Streams
from certhia.stream.terms import Terms

LATEST: Final = 25  # messages, as the original gives
EARLY: Final = "nothing was read yet: ask again in a moment\n"

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Answers:
    """Answers requests that are for no stream."""

    def __init__(self, hub: Hub, streams: Streams, terms: Terms, known: Known, clock: Clock) -> None:
        """From now on it hears of every page of the hub."""
        self.recent = Recent()
        self._hub = hub
        self._streams = streams
        self._terms = terms
        self._known = known
        self._clock = clock
        self._once = Once(clock)
        self._finding = asyncio.Lock()
        self._fullest = next((kind for kind in ("full", "lite", "domains") if kind in terms.paths), "")
        self._well = True  # what /health/deep said last
        hub.listeners.append(self.recent.hear)

    def route(self, router: web.UrlDispatcher) -> None:
        """Adds the paths."""
        for kind in KINDS:
            if kind in self._terms.paths:
                router.add_get(f"{self._terms.paths[kind].rstrip('/')}/example.json", self._example(kind))
        if self._terms.paths.get("lite", "/") != "/":
            router.add_get("/example.json", self._example("lite"))
        if "lite" in self._terms.paths:
            router.add_get("/latest.json", self._latest)
        router.add_get("/stats", self._stats)
        router.add_get("/health", self._health)
        router.add_get("/health/deep", self._deep)
        router.add_get("/ready", self._ready)
        router.add_get("/logs", self._logs)
        if self._fullest:
            router.add_get("/cert/{sha256}", self._certificate)

    # --- messages ---

    def _example(self, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            profile = self._profile(request)

            async def make() -> bytes | None:
                messages = await self._last(_shape(kind, profile), 1)
                return messages[0] if messages else None

            return await self._answer(f"example {kind} {profile}", make)

        return answer

    async def _latest(self, request: web.Request) -> web.Response:
        profile = self._profile(request)

        async def make() -> bytes | None:
            return b'{"messages":[%b]}' % b",".join(await self._last(_shape("lite", profile), LATEST))

        return await self._answer(f"latest {profile}", make)

    async def _last(self, shape: Shape, count: int) -> list[bytes]:
        """The last messages, the newest first."""
        out: list[bytes] = []
        for one in self.recent.pages():
            size = len(one.sheet.page)
            positions = list(range(max(0, size - 2 * (count - len(out))), size))  # some give no message
            messages = await self._hub.messages(one.sheet, shape, recent.several(positions))
            out += [messages[number] for number in reversed(range(len(messages)))]
            if len(out) >= count:
                break
        return out[:count]

    async def _certificate(self, request: web.Request) -> web.Response:
        text = request.match_info["sha256"].replace(":", "").lower()
        if _DIGEST.fullmatch(text) is None:
            return _text(
                400, "write the SHA-256 of a certificate, a precertificate or its TBS: 64 hexadecimal digits\n"
            )
        pages = self.recent.pages()
        async with self._finding:
            found = await self._hub.aside(_found, pages, bytes.fromhex(text))
        if not found:
            return _text(404, f"not among the last {self.recent.entries:,} entries: only recent ones are held here\n")
        shape = _shape(self._fullest, self._profile(request))
        messages = [await self._hub.messages(sheet, shape, recent.several([position])) for sheet, position in found]
        body = b",".join(one[0] for one in messages if len(one))
        return _json(200, b'{"sha256":"%b","sightings":[%b]}' % (text.encode(), body))

    def _profile(self, request: web.Request) -> str:
        asked = request.query.get("profile", "").lower() or self._terms.defaults.profile
        if asked not in PROFILES:
            raise web.HTTPBadRequest(text=f"profile: {quoted(asked)} is none; there are {', '.join(PROFILES)}\n")
        return asked

    # --- how it is doing ---

    async def _stats(self, _request: web.Request) -> web.Response:
        async def make() -> bytes:
            return _encoded(standing.stats(self._known, self.clients(), self._streams.tallies, self._clock.now()))

        return await self._answer("stats", make)

    async def _health(self, _request: web.Request) -> web.Response:
        healthy, said = standing.health(self._known)
        return _json(200 if healthy else 503, _encoded(said))

    async def _ready(self, _request: web.Request) -> web.Response:
        ready, said = standing.ready(self._known)
        return _json(200 if ready else 503, _encoded(said))

    async def _deep(self, _request: web.Request) -> web.Response:
        async def make() -> bytes:
            healthy, said = standing.deep(self._known, self._clock.now())
            self._well = healthy
            return _encoded(said)

        answer = await self._answer("deep", make)
        answer.set_status(200 if self._well else 503)
        return answer

    async def _logs(self, _request: web.Request) -> web.Response:
        async def make() -> bytes:
            return _encoded(standing.ledger(self._known, self._clock.now()))

        return await self._answer("logs", make)

    def clients(self) -> dict[str, int]:
        """How many clients each stream has."""
        counts = Counter[str]()
        for group in self._hub.members.groups:
            counts[group.wanted.kind] += len(group.clients)
        return {kind: counts[kind] for kind in KINDS}

    async def _answer(self, what: str, make: Callable[[], Awaitable[bytes | None]]) -> web.Response:
        body = await self._once.get(what, make)
        if body is None:
            return _text(503, EARLY, {"Retry-After": "5"})
        return _json(200, body)


def _found(pages: tuple[recent.Kept, ...], digest: bytes) -> list[tuple[Sheet, int]]:
    return recent.first(recent.find(pages, digest))


def _shape(kind: str, profile: str) -> Shape:
    return kind, profile, None


def _encoded(said: Json) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode("ascii")


def _json(status: int, body: bytes) -> web.Response:
    return web.Response(
        status=status,
        body=body,
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text, headers=headers)
