"""Matches on standard output. Whoever reads it may stop reading: only this sink then waits."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from certhia.clock import Clock
from certhia.errors import ConfigError
from certhia.model import Delivery, Match, SinkClosed
from certhia.render import encode, encoding
from certhia.sinks.formats import Format
from certhia.sinks.refusals import Refused
from certhia.sinks.writer import Job, Nowhere, Writer, outlet, readerless


class Stdout:
    """The sink `stdout`.

    What is written leaves in a thread of its own, in whole lines and in order, flushed. `send` waits for it, so that
    what nobody has read yet stays in the outbox; `stream` never waits.
    """

    def __init__(
        self,
        format: Format,  # noqa: A002  (what it is called everywhere)
        *,
        stream: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
        clock: Clock | None = None,
        capacity: int = 10_000,
        grace: float = 0.5,
    ) -> None:
        """`stream`: sys.stdout unless given. `capacity`: how many streamed matches wait for a slow reader before
        further ones are dropped. `grace`: seconds that `close` waits for the reader. Raises ConfigError where there is
        no standard output."""
        target = stream or sys.stdout
        if target is None or isinstance(target, Nowhere):
            raise ConfigError("there is no standard output to write to; use --format silent with -o FILE")
        self._stream = target
        self._format = format
        self._clock = clock or Clock()
        self._charset = encoding(target.encoding, environment)
        self._capacity = capacity
        self._grace = grace
        self._dropped = 0
        self._writer = Writer(outlet(target), self._streamed_bytes, encode(format.header, self._charset))

    @property
    def name(self) -> str:
        """`stdout`."""
        return "stdout"

    @property
    def dropped(self) -> int:
        """How many streamed matches were not written because the reader was too slow."""
        return self._dropped

    @property
    def unread(self) -> bool:
        """Whether nobody will read it any more. A pipe says so without being written to."""
        return self._writer.broken or readerless(self._stream)

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """Returns once all are written. Raises SinkClosed where nobody reads any more, OSError where writing fails."""
        await self._written(self._bytes(deliveries))

    async def note(self, record: Mapping[str, object]) -> None:
        """See `certhia.model.Noting`. Raises Refused where the format has no place for it."""
        text = self._format.note(record)
        if not text:
            raise Refused(f"standard output: {self._format.name} has no place for it; jsonl has")
        await self._written(encode(text, self._charset))

    async def _written(self, data: bytes) -> None:
        if not data:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        job = Job(data, loop, done)
        self._writer.put(job)
        try:
            await done
        except asyncio.CancelledError:
            self._writer.withdraw(job)
            raise
        except BrokenPipeError as error:
            raise SinkClosed("nobody reads standard output any more") from error

    def stream(self, match: Match) -> bool:
        """Writes a match when its turn comes, without waiting; False where it was dropped, because `capacity` others
        are waiting. Raises SinkClosed once nobody reads any more."""
        if self._writer.broken:
            raise SinkClosed("nobody reads standard output any more")
        if self._format.name == "silent":
            return True
        if self._writer.waiting >= self._capacity:
            self._dropped += 1
            return False
        self._writer.stream(match)
        return True

    async def close(self) -> None:
        """Waits for what was given, for `grace` seconds at most: a reader that stands still keeps nobody up."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        try:
            async with self._clock.deadline(self._grace):
                if self._writer.stop(Job(b"", loop, done)):
                    await done
        except (TimeoutError, OSError):
            self._dropped += self._writer.abandon()

    def _streamed_bytes(self, matches: Sequence[Match]) -> bytes:
        return self._bytes([Delivery(0, match) for match in matches])

    def _bytes(self, deliveries: Sequence[Delivery]) -> bytes:
        return encode("".join(map(self._format.text, deliveries)), self._charset)
