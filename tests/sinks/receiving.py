"""Receivers of webhooks: in the loop of a test, or in a thread beside a program."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class Request:
    """What came: headers in lower case, and the body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answer = Callable[[Request], "web.StreamResponse | int"]


@dataclass(slots=True)
class Receiver:
    """Takes what comes. `answer` says how; `taken` are requests that it answered with 2xx."""

    answer: Answer = lambda _: 200
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one = Request(request.path_qs, headers, await request.read())
        self.requests.append(one)
        answer = self.answer(one)
        response = web.Response(status=answer) if isinstance(answer, int) else answer
        if 200 <= response.status < 300:
            self.taken.append(one)
        return response

    def ids(self) -> Counter[str]:
        """How often each match was taken."""
        return Counter(match["id"] for one in self.taken for match in one.content.get("matches", [one.content]))


def flaky() -> Answer:
    """Fails one time in three."""
    count = 0

    def answer(_: Request) -> int:
        nonlocal count
        count += 1
        return 500 if count % 3 == 0 else 200

    return answer


@asynccontextmanager
async def receiving(answer: Answer = lambda _: 200) -> AsyncIterator[Receiver]:
    """A receiver in this loop."""
    receiver = Receiver(answer)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@contextmanager
def receiving_beside(answer: Answer = lambda _: 200) -> Iterator[Receiver]:
    """A receiver in a thread."""
    ready: list[Receiver] = []
    started, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with receiving(answer) as receiver:
            ready.append(receiver)
            started.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="receiver", daemon=True)
    thread.start()
    try:
        assert started.wait(30), "the receiver did not start"
        yield ready[0]
    finally:
        over.set()
        thread.join(30)
