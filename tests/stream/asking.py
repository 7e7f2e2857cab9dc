"""A stage that answers what is asked besides streams, and plain requests to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.stream.rig import Stage

from certhia.logs.asked import Asked, Outcome, Reason
from certhia.logs.snapshot import Run
from certhia.logs.status import Status
from certhia.model import Alarm, Summary
from certhia.store.ledger import Track
from certhia.stream.answers import Answers
from certhia.stream.front import Front
from certhia.stream.metrics import Metrics
from certhia.stream.server import Server
from certhia.stream.standing import Known
from certhia.testing import World


class Asking(Stage):
    """Answers of a server whose pipeline is given by hand."""

    def __init__(self, world: World, front: Front | None = None, **terms: Any) -> None:
        super().__init__(world, **terms)
        offered = self.terms(**terms)
        self.server = Server(self.hub, offered, self.clock, self._say, front)
        self.statuses = [Status(self.log.model)]
        self.alarms: tuple[Alarm, ...] = ()
        self.asked = Asked()
        self.asked.note(Reason.ENTRIES, Outcome.OK)
        self.tracks: dict[bytes, Track] = {}
        self.outbox = {"stdout": 3}
        self.known = Known(lambda: self.statuses, self.run, lambda: self.tracks, self.waiting)
        self.answers = Answers(self.hub, self.server.streams, offered, self.known, self.clock)
        self.answers.route(self.server.app.router)
        Metrics(self.server, self.answers, self.known, self.hub, self.clock).route(self.server.app.router)

    def run(self) -> Run:
        done = Summary(
            logs=1, entries=self.fed, verified=0, quarantined=1, matches=2, sightings=4, seconds=1.0, alarms=()
        )
        return Run(1, self.clock.now() - 60.0, done, self.alarms, {self.log.id: self.asked}, Asked())

    async def waiting(self) -> Mapping[str, int]:
        return self.outbox

    async def get(self, path: str, **headers: str) -> Answer:
        return await get(self.port, path, **headers)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def get(port: int, path: str, *, method: str = "GET", source: str = "127.0.0.1", **headers: str) -> Answer:
    """One request, and all that is answered; `headers`: names with underscores."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    try:
        return await over(reader, writer, path, method=method, **headers)
    finally:
        writer.close()


async def over(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, method: str = "GET", **headers: str
) -> Answer:
    """The same over a connection that is there."""
    lines = [f"{method} {path} HTTP/1.1", "Host: here", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n").split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    body = await reader.readexactly(int(found.get("content-length", 0))) if method != "HEAD" else b""
    return Answer(int(head.split()[1]), found, body)
