"""Bug bounty platforms to test against: the documented shapes of each one's answers, pages, refusals and throttling.

    platforms = FakePlatforms(clock)
    platforms.add(FakeProgramme("acme", "Acme", [("WILDCARD", "*.acme.example", True)], bookmarked=True))
    async with platforms.serve() as url:
        ...                     # url + "/hackerone", "/intigriti", "/bugcrowd", "/yeswehack" and "/scopes.json"

`python -m certhia.testing.platforms FILE` serves the programmes of a JSON file until it is stopped, and reads the file
anew for each request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web

from certhia.clock import Clock
from certhia.net import Response
from certhia.testing.platform_shapes import SHAPES, FakeProgramme
from certhia.testing.request import Answer, text
from certhia.testing.serve import respond
from certhia.testing.transport import InProcess


@dataclass(slots=True)
class PlatformFault:
    """What happens to requests whose path holds `where`. `answer`: None passes the request on."""

    where: str
    answer: Callable[[], Answer | None]
    times: int | None = None
    skip: int = 0
    hits: int = 0


def say(status: int, message: str = "", headers: Mapping[str, str] | None = None) -> Callable[[], Answer]:
    """An answer of a status, with a text."""
    return lambda: Answer(text(status, message or str(status), headers))


@dataclass
class FakePlatforms:
    """All platforms at one place.

    Attributes:
        asked: each request's path and query, in order.
        times: when each came, on the clock's monotonic seconds.
        headers: those of the last request, names in lower case.
        pages: answers by path, before all else.
    """

    clock: Clock
    programmes: list[FakeProgramme] = field(default_factory=list)
    faults: list[PlatformFault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Response] = field(default_factory=dict)

    def add(self, *programmes: FakeProgramme) -> None:
        """More programmes."""
        self.programmes += programmes

    def fault(
        self, where: str, answer: Callable[[], Answer | None], *, times: int | None = None, skip: int = 0
    ) -> None:
        """Has requests go wrong."""
        self.faults.append(PlatformFault(where, answer, times, skip))

    def transport(self) -> InProcess:
        """All of it as a `certhia.net.Transport`, without sockets."""
        return InProcess(self)

    @asynccontextmanager
    async def serve(self, port: int = 0) -> AsyncIterator[str]:
        """Serves it on 127.0.0.1; gives the URL, without a slash at its end."""
        runner = web.ServerRunner(web.Server(lambda request: respond(self, request), access_log=None))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            assert site._server is not None
            yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
        finally:
            await runner.cleanup()

    def answer(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request, however scripted."""
        split = urlsplit(url)
        path, query = unquote(split.path), {key: one[-1] for key, one in parse_qs(split.query).items()}
        self.asked.append(path + (f"?{split.query}" if split.query else ""))
        self.times.append(self.clock.monotonic())
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        for fault in self.faults:
            if fault.where in self.asked[-1] and (fault.times is None or fault.hits - fault.skip < fault.times):
                fault.hits += 1
                if fault.hits > fault.skip and (said := fault.answer()) is not None:
                    return said
        if method != "GET":
            return Answer(text(405, "method not allowed"))
        if path in self.pages:
            return Answer(self.pages[path])
        platform, _, rest = path.lstrip("/").partition("/")
        if platform not in SHAPES:
            return Answer(text(404, "not found"))
        return Answer(SHAPES[platform](self.programmes, rest, query, self.headers))


class _Filed(FakePlatforms):
    """Programmes of a file, as it is now."""

    path: Path

    def answer(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        self.programmes = [FakeProgramme(**one) for one in json.loads(self.path.read_text(encoding="utf-8"))]
        return super().answer(method, url, headers)


async def _serve(path: Path, port: int) -> None:
    """Serves the programmes of a file as bug bounty platforms do."""
    platforms = _Filed(Clock())
    platforms.path = path
    async with platforms.serve(port) as url:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m certhia.testing.platforms", description=_serve.__doc__)
    parser.add_argument("file", type=Path, help="JSON: a list of objects with the fields of FakeProgramme")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):  # how it is ended
        asyncio.run(_serve(options.file, options.port))


if __name__ == "__main__":
    main()
