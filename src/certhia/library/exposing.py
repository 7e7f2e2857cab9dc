"""A run's figures, where the settings want them: on a port of their own, in a file, on the server's port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Final

from certhia.clock import Clock
from certhia.config import Settings
from certhia.errors import ConfigError
from certhia.library.reloading import Commit
from certhia.metrics.collecting import disk_samples, inner_samples
from certhia.metrics.disks import Disks
from certhia.metrics.names import Sample
from certhia.model import Tell
from certhia.pipeline import Pipeline
from certhia.stream import standing
from certhia.stream.once import Once
from certhia.stream.standing import Known
from certhia.supervision import supervised, unless

if TYPE_CHECKING:
    from aiohttp import web

    from certhia.library.serving import Serving
    from certhia.metrics.text import Seen
    from certhia.stream.listener import Listener

MOST: Final = 32  # connections at once
EXPOSED: Final = ("metrics.file", "metrics.interval")
"""Keys that `Exposing.prepare` takes over."""


class Exposing:
    """Costs nothing until somebody asks."""

    def __init__(self, settings: Settings, pipeline: Pipeline, clock: Clock, tell: Tell) -> None:
        self._settings = settings.metrics
        self._pipeline = pipeline
        self._clock = clock
        self._tell = tell
        self._disks = Disks()
        self._once = Once(clock)
        self._serving: Serving | None = None
        self._known = known_of(pipeline)
        self._runner: web.AppRunner | None = None
        self._listener: Listener | None = None
        self._changed = asyncio.Event()  # the settings did

    async def prepare(self, before: Settings, after: Settings) -> Commit:
        """Takes over where figures are written, and how often."""
        del before

        def commit() -> None:
            self._settings = after.metrics
            self._changed.set()

        return commit

    async def inside(self) -> list[Sample]:
        """What goes on inside the run."""
        inner = self._pipeline.inner()
        return [*inner_samples(inner), *disk_samples(await self._disks.free(inner.places))]

    async def start(self, serving: Serving | None = None) -> None:
        """Listens, where that is wanted; with `serving` its figures are among them. Raises ConfigError."""
        self._serving = serving
        if not self._settings.listen:
            return
        from aiohttp import web  # noqa: PLC0415  (only who listens pays for it)

        from certhia.stream.front import LOCAL, Front  # noqa: PLC0415
        from certhia.stream.gate import Bounds  # noqa: PLC0415

        front, app = Front(self._clock, Bounds(total=MOST, exempt=LOCAL)), web.Application()
        front.attach(app)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.15)
        await self._runner.setup()
        assert self._runner.server is not None
        self._listener = front.listener(self._settings.listen)
        try:
            await self._listener.start(self._runner.server)
        except ConfigError:
            await self._runner.cleanup()
            raise
        self._tell(f"metrics on {', '.join(map(str, self._listener.addresses))}: /metrics, /health, /ready")

    def works(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What is to run until it is cancelled."""
        yield supervised(lambda _: self._write(), self._say, self._clock)

    async def _write(self) -> None:
        """Writes figures to the file of now, where there is one."""
        while True:
            changed = self._changed = asyncio.Event()
            if self._settings.file is None:
                await changed.wait()
                continue
            from certhia.metrics.writing import Writing  # noqa: PLC0415

            every = self._settings.interval
            writing = Writing(self._settings.file, every, self._collect, self._clock, self._tell)
            await unless(changed, writing.run())

    async def close(self) -> None:
        """Closes the port. Idempotent."""
        listener, self._listener = self._listener, None
        if listener is not None and self._runner is not None:
            await listener.stop()
            await self._runner.cleanup()

    def _say(self, text: str) -> None:
        self._tell(f"writing metrics: {text}", level="error")

    async def _collect(self) -> Seen:
        from certhia.metrics.text import Seen  # noqa: PLC0415
        from certhia.stream.metrics import known_samples  # noqa: PLC0415

        if self._serving is not None and self._serving.metrics is not None:
            return Seen(await self._serving.metrics.samples())
        return Seen(await known_samples(self._known, self._clock.now(), self.inside))

    async def _metrics(self, _request: web.Request) -> web.Response:
        from aiohttp import web  # noqa: PLC0415

        from certhia.metrics.text import CONTENT_TYPE  # noqa: PLC0415

        async def make() -> bytes:
            return await asyncio.to_thread((await self._collect()).text)

        return web.Response(body=await self._once.get("metrics", make), headers={"Content-Type": CONTENT_TYPE})

    async def _health(self, _request: web.Request) -> web.Response:
        return _json(*standing.health(self._known))

    async def _ready(self, _request: web.Request) -> web.Response:
        return _json(*standing.ready(self._known))


def known_of(pipeline: Pipeline) -> Known:
    """Where answers about a run come from."""
    return Known(
        statuses=pipeline.statuses,
        run=pipeline.progress,
        tracks=lambda: pipeline.state.writer.tracks,
        outbox=pipeline.state.queues,
        relayed=pipeline.relayed,
    )


def _json(well: bool, said: standing.Json) -> web.Response:
    from aiohttp import web  # noqa: PLC0415

    body = json.dumps(said).encode() + b"\n"
    return web.Response(body=body, status=200 if well else 503, content_type="application/json")
