"""Run as a program: follows a made-up log in processes that are killed one after the other, at any moment.

Arguments: the state's directory, how many to kill, a seed; the URL of a database where it is in one. Prints the indices
of the matches that were acknowledged as durable, one a line; what was told stands in the file `told` of the directory.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.store.conftest import Book

from certhia.clock import Clock
from certhia.model import Delivery, Quarantined
from certhia.sinks.outbox import Outbox
from certhia.store import State
from certhia.store.address import address
from certhia.store.place import Place

PAGE = 16


class Appending:
    """A sink that writes index, id and repeat to a file."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        lines = [f"{d.match.sighting.index} {d.id} {d.repeat:d}\n" for d in deliveries]
        self._file.write("".join(lines))
        self._file.flush()

    async def close(self) -> None:
        self._file.close()


async def follow(path: Path, acknowledged: int, url: str) -> None:
    """Reads on from the stored position until killed."""
    book = Book()
    at = Place(path, address(url) if url else None)
    state = await State.open(at, clock=Clock(), follow=True)
    outbox = Outbox(state, [Appending(path / "told")], Clock())
    writer = state.writer
    writer.log(book.log)
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.run())
        group.create_task(outbox.run())
        position = writer.position(book.log.id)
        if position is None:
            writer.step(book.anchor(0, PAGE))
            position = 0
        book.end = position
        while True:
            for index in range(position, position + PAGE, 2):
                match = book.match(index)
                if not await state.find([match.key]):
                    writer.match(match, ["file"])
            writer.quarantine(Quarantined(book.log.id, position + 1, "why", bytes(32)))
            position += PAGE
            writer.step(book.step(position, quarantined=1))
            await writer.durable()
            os.write(acknowledged, b"%d\n" % position)


def main(path: Path, kills: int, seed: int, url: str = "") -> None:
    """Starts a process, kills it, starts the next."""
    chance = random.Random(seed)
    for _ in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            asyncio.run(follow(path, writing, url))
            os._exit(1)  # never reached
        os.close(writing)
        text = b""
        lines, delay = chance.randrange(12), chance.uniform(0, 0.02)
        while text.count(b"\n") < lines and (more := os.read(reading, 4096)):
            text += more
        select.select([], [], [], delay)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WTERMSIG(status) != signal.SIGKILL:
            sys.exit(f"ended by itself: {status}")
        while more := os.read(reading, 4096):
            text += more
        os.close(reading)
        sys.stdout.write(text.decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
