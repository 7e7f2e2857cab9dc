"""The stream's server of a run: from settings to a hub and the port that it is served on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from certhia.clock import Clock
from certhia.config import Settings
from certhia.config.settings import OFF
from certhia.errors import ConfigError
from certhia.library.reloading import Commit
from certhia.model import Tell
from certhia.pipeline import Pipeline
from certhia.stream.client import Limits
from certhia.stream.forms import Defaults
from certhia.stream.hub import Hub
from certhia.stream.pool import Pool
from certhia.stream.standing import Kept, Known
from certhia.stream.terms import Terms, answers_itself
from certhia.supervision import supervised

if TYPE_CHECKING:
    from certhia.stream.history import History
    from certhia.stream.metrics import Inside, Metrics
    from certhia.stream.server import Server


LIVE: Final = (
    "serve.profile",
    "serve.verified_only",
    "serve.heartbeat",
    "serve.compression",
    "serve.client_buffer",
    "serve.buffers",
    "serve.lag_limit",
    "serve.proof_buffer",
    "serve.dedupe_size",
    "serve.token",
    "serve.token_file",
    "serve.open",
    "serve.allow_from",
    "serve.trusted_proxy",
    "serve.cors",
    "serve.max_clients",
    "serve.max_per_address",
    "serve.connect_rate",
    "serve.tls_cert",
    "serve.tls_key",
)
"""Keys that `Serving.prepare` takes over."""


class Serving:
    """Serves what a pipeline reads, as the settings want it.

    Attributes:
        hub: what the pipeline is to be built with.
        reloads: what is read again when its files change.
    """

    def __init__(self, settings: Settings, clock: Clock, tell: Tell) -> None:
        """Raises ConfigError for files of tokens or certificates that are none."""
        from certhia.library.fronting import front_of  # noqa: PLC0415  (only who serves pays for it)

        serve = settings.serve
        self.hub = Hub(clock, tell, dedupe=serve.dedupe_size, unproven=serve.proof_buffer)
        self._fronting = front_of(settings, clock, tell)
        self.reloads = self._fronting.reloads
        self.server: Server | None = None
        self.metrics: Metrics | None = None
        self._history: History | None = None
        self._settings = settings
        self._terms: Terms | None = None
        self._clock = clock
        self._tell = tell
        self._stopped = asyncio.Event()

    async def start(self, pipeline: Pipeline, inside: Inside | None = None) -> None:
        """Listens. `inside`: further figures. Raises ConfigError where it can't."""
        from certhia.stream.answers import Answers  # noqa: PLC0415  (only who serves pays for it)
        from certhia.stream.metrics import Metrics  # noqa: PLC0415
        from certhia.stream.server import Server  # noqa: PLC0415

        terms, known = _terms(self._settings), self._known(pipeline)
        self._terms = terms
        self.server = server = Server(self.hub, terms, self._clock, self._tell, self._fronting.front)
        answers = Answers(self.hub, server.streams, terms, known, self._clock)
        answers.route(server.app.router)
        self.metrics = Metrics(server, answers, known, self.hub, self._clock, inside)
        self.metrics.route(server.app.router)
        if (size := self._settings.serve.history) is not None:
            from certhia.stream.history import History  # noqa: PLC0415

            folder = pipeline.state.directory / "history"
            self._history = server.streams.history = await History.open(folder, size, self._clock, self._tell)
            self.hub.record = self._history.record
            self.hub.sequence = self._history.last  # whoever has all up to there is joined before anything new comes
        await server.start()
        places = ", ".join(map(str, server.addresses))
        paths = ", ".join(f"{path} ({name})" for name, path in sorted(paths_of(self._settings).items()))
        self._tell(f"serving on {places}: {paths or 'no stream'}")

    async def prepare(self, before: Settings, after: Settings) -> Commit:
        """Takes over other settings: from the next connection on, and of tokens and addresses the next request. Nobody
        is sent away. Raises ConfigError."""
        from certhia.library.fronting import prepared  # noqa: PLC0415

        front = await prepared(self._fronting, before, after, self._tell)
        terms = _terms(after)

        def commit() -> None:
            front()
            self.hub.adopt(dedupe=after.serve.dedupe_size, unproven=after.serve.proof_buffer)
            if self._terms is not None and self.server is not None:
                pool = self._terms.limits.pool  # what waits now is counted in it
                pool.most = after.serve.buffers
                self._terms = replace(terms, limits=replace(terms.limits, pool=pool))
                self.server.adopt(self._terms)

        return commit

    def stop(self) -> None:
        """Takes leave of all clients; `run` returns once that is done."""
        self._stopped.set()

    async def run(self) -> None:
        """Looks after the clients until stopped."""
        server = self.server
        assert server is not None
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(supervised(server.run, self._say, self._clock))
            try:
                await self._stopped.wait()
            finally:
                looking.cancel()
                await server.close()

    async def close(self) -> None:
        """Ends the history, once the pipeline sends nothing more. Idempotent."""
        if self._history is not None:
            await self._history.close()

    def _known(self, pipeline: Pipeline) -> Known:
        return Known(
            statuses=pipeline.statuses,
            run=pipeline.progress,
            tracks=lambda: pipeline.state.writer.tracks,
            outbox=pipeline.state.queues,
            relayed=pipeline.relayed,
            history=self._kept,
        )

    def _kept(self) -> Kept | None:
        if self._history is None:
            return None
        index = self._history.index
        oldest = next((segment.rows.seen(0) for segment in index.segments if len(segment.rows)), None)
        return Kept(index.nbytes, oldest, self._history.trouble)

    def _say(self, text: str) -> None:
        self._tell(f"looking after clients: {text}", level="error")


def paths_of(settings: Settings) -> dict[str, str]:
    """Which stream is served where. Raises ConfigError for paths that are in each other's way."""
    serve = settings.serve
    paths = {"lite": serve.lite, "full": serve.full, "domains": serve.domains, "sse": serve.sse}
    served = {"domains", "sse"} if serve.names_only else paths.keys()
    taken = dict[str, str]()
    for name, path in paths.items():
        if path != OFF and (path in taken or answers_itself(path)):
            what = f"that of serve.{taken[path]}, too" if path in taken else "one that answers something else"
            raise ConfigError(f"serve.{name}: the path {path} is {what}; give it another, or off")
        taken[path] = name
    return {name: path for name, path in paths.items() if path != OFF and name in served}


def _terms(settings: Settings) -> Terms:
    serve = settings.serve
    return Terms(
        listen=serve.listen,
        paths=paths_of(settings),
        defaults=Defaults(serve.profile, serve.verified_only, names_only=serve.names_only),
        limits=Limits(serve.client_buffer, serve.lag_limit, Pool(serve.buffers)),
        heartbeat=serve.heartbeat,
        compression=serve.compression,
    )
